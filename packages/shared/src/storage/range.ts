import type { ByteRange } from './port.ts';

/** Whether a range names bytes at all. */
export function isRange({ start, end }: ByteRange): boolean {
  return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end;
}

/** Whether an object of `size` bytes has the first byte of a range. */
export function isSatisfiable(range: ByteRange, size: number): boolean {
  return isRange(range) && range.start < size;
}

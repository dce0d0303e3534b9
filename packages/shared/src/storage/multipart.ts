import { AppError } from '../kernel/index.ts';
import type { PartPlan } from './port.ts';

const MiB = 1024 ** 2;
/** Small enough to be sent again on a bad network, large enough for few requests. S3 takes parts from 5 MiB on. */
const PART_BYTES = 16 * MiB;
/** Most parts of an upload, in S3. */
const MAX_PARTS = 10_000;

/** The parts of an upload of `size` bytes; the same for every storage. */
export function planParts(size: number): PartPlan {
  const partSize = Math.max(PART_BYTES, Math.ceil(size / MAX_PARTS / MiB) * MiB);
  return { partSize, partCount: Math.max(1, Math.ceil(size / partSize)) };
}

/** Bytes of the part of a number, from 1. @throws AppError `not_found` when the upload has no such part */
export function bytesOfPart(size: number, number: number): number {
  const { partSize, partCount } = planParts(size);
  if (!Number.isInteger(number) || number < 1 || number > partCount) throw new AppError('not_found', { part: number, parts: partCount });
  return number < partCount ? partSize : size - (partCount - 1) * partSize;
}

/** The numbers of a page of parts: at most `count` from `from` on. @throws AppError `not_found` when the upload has no part `from` */
export function pageOfParts(size: number, { from, count }: { from: number; count: number }): number[] {
  bytesOfPart(size, from);
  const end = Math.min(planParts(size).partCount, from + count - 1);
  return Array.from({ length: end - from + 1 }, (_, index) => from + index);
}

const MISSING_TOLD = 10;

/** @param sizes bytes of the parts that are there, by number. @throws AppError `upload_incomplete` unless all are, each with its size */
export function assertAllParts(size: number, sizes: ReadonlyMap<number, number>): void {
  const missing: number[] = [];
  for (let number = 1; number <= planParts(size).partCount && missing.length < MISSING_TOLD; number++) {
    if (sizes.get(number) !== bytesOfPart(size, number)) missing.push(number);
  }
  if (missing.length > 0) throw new AppError('upload_incomplete', { missing }, { message: 'Some parts of the upload did not come.' });
}

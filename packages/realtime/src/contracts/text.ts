import { z } from 'zod';

const ENCODER = new TextEncoder();

/** Length in UTF-8. */
export function bytesOf(text: string): number {
  return ENCODER.encode(text).length;
}

/** Text that every store can hold: no NUL, no half of a surrogate pair. */
export function isPlain(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** What is wrong with a text that is not. */
export const NOT_PLAIN = 'has NUL or half a surrogate pair';

/** Plain text of 1 to so many characters. */
export function plainText(longest: number) {
  return z.string().min(1).max(longest).refine(isPlain, NOT_PLAIN);
}

/** Plain text of at most so many characters that shows something. */
export function visibleText(longest: number) {
  return z
    .string()
    .max(longest)
    .refine((text) => text.trim() !== '', 'is empty')
    .refine(isPlain, NOT_PLAIN);
}

/** Whether a value nests no deeper than so, and all its texts are plain. */
export function isShallow(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isPlain(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.entries(value).every(([name, inner]) => isPlain(name) && isShallow(inner, depth - 1));
}

import { z } from 'zod';

/** Text that every store can hold: no NUL, no half of a surrogate pair. */
export function isPlain(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Plain text of 1 to so many characters. */
export function plainText(longest: number) {
  return z.string().min(1).max(longest).refine(isPlain, 'has NUL or half a surrogate pair');
}

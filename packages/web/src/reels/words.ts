import { refusalInWords, type Refusal } from '../ask.ts';

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
/** Numbers up to this are shown to the digit. */
const EXACT = 99_999;

/** `1,234`, `1.2M`. Pure. */
export function countInWords(count: number): string {
  return count <= EXACT ? count.toLocaleString('en') : COMPACT.format(count);
}

/** Why a reel cannot be shown. */
export function reelRefusalInWords(refusal: Refusal): string {
  if (refusal.reason === 'not_found') return 'There is no reel of this id.';
  if (refusal.reason === 'closed') return 'The server closed this reel for you.';
  return refusalInWords(refusal);
}

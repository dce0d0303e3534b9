/** Users are ids; these are their forms for people. Pure. */

const GUEST = /^guest-([\da-f]{8})$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const LONGEST = 32;
const LETTERS = new Intl.Segmenter();

/** A short name: `guest-0190c3f2` is `Guest C3F2`, `ann.smith` is `ann.smith`, a UUID the last of its digits. */
export function nameOf(userId: string): string {
  const guest = GUEST.exec(userId)?.[1];
  if (guest !== undefined) return `Guest ${guest.slice(-4).toUpperCase()}`;
  if (UUID.test(userId)) return `User ${userId.slice(-4).toUpperCase()}`;
  const letters = lettersOf(userId);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 1).join('')}…` : userId;
}

/** One or two letters: of the words of the name. */
export function initialsOf(userId: string): string {
  const words = nameOf(userId).split(/[\s._-]+/).filter((word) => word !== '');
  const letters = words.slice(0, 2).map((word) => lettersOf(word)[0] ?? '');
  return (letters.join('') || '?').toUpperCase();
}

/** A hue that is always the same for one id, in degrees. */
export function hueOf(id: string): number {
  let hash = 7;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 360_007;
  return hash % 360;
}

/** `Ann`, `Ann and Bob`, `Ann, Bob and 3 others`. */
export function namesInWords(userIds: readonly string[]): string {
  const names = userIds.slice(0, userIds.length > 3 ? 2 : 3).map(nameOf);
  const others = userIds.length - names.length;
  if (others > 0) return `${names.join(', ')} and ${others} others`;
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
}

/** What a reader takes for letters: an emoji of several code points is one. */
function lettersOf(text: string): string[] {
  return Array.from(LETTERS.segment(text), ({ segment }) => segment);
}

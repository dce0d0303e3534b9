/** Times in words for people, in the language and zone of the browser. Pure but for those. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const WEEKDAY = new Intl.DateTimeFormat('en', { weekday: 'long' });
const DAY = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });
const DAY_OF_YEAR = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' });
const SHORT = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' });

/** `14:05` */
export const clock = (iso: string): string => CLOCK.format(new Date(iso));

/** All there is to say of a time. */
export const inFull = (iso: string): string => FULL.format(new Date(iso));

/** A key that is the same for all times of one day, here. */
export function dayKey(iso: string): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** `Today`, `Yesterday`, `Monday, 3 March`, `3 March 2024`. */
export function dayInWords(iso: string, now: Date): string {
  const days = daysBetween(new Date(iso), now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (new Date(iso).getFullYear() === now.getFullYear() ? DAY : DAY_OF_YEAR).format(new Date(iso));
}

/** For lists: the clock of today, then the weekday, then the date. */
export function shortTime(iso: string, now: Date): string {
  const days = daysBetween(new Date(iso), now);
  if (days <= 0) return clock(iso);
  if (days === 1) return 'Yesterday';
  return (days < 7 ? WEEKDAY : SHORT).format(new Date(iso));
}

/** Midnights between two times; days of 23 and 25 hours count as one. */
function daysBetween(from: Date, to: Date): number {
  const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}

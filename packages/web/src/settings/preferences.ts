/** How a user wants to be told of things, as REST has it. */

/** What becomes of a notification in quiet hours. */
export const QUIET_WAYS = ['digest', 'drop', 'send'] as const;
export type QuietWay = (typeof QUIET_WAYS)[number];

export interface CategoryPreference {
  push: boolean;
  email: boolean;
  quiet: QuietWay;
}

/** Times of the day like `22:00`, by the clock on the wall of `timezone`; over midnight when `end` is the earlier. */
export interface QuietHours {
  start: string;
  end: string;
  timezone: string;
}

export interface Preferences {
  categories: Readonly<Record<string, CategoryPreference>>;
  quiet_hours: QuietHours | null;
  locale: string | null;
}

/** Stands for all categories that are not named. */
export const ALL = '*';
const SWITCHED_ON: CategoryPreference = { push: true, email: true, quiet: 'digest' };
/** Categories that this product sends by itself: those without one, and calls. */
const KNOWN = ['general', 'calls'];

/** What is true of a category: what it says itself, else what is said of all others. */
export function preferenceOf({ categories }: Preferences, name: string): CategoryPreference {
  const own = (key: string): CategoryPreference | undefined => (Object.hasOwn(categories, key) ? categories[key] : undefined);
  return own(name) ?? own(ALL) ?? SWITCHED_ON;
}

/** The same preferences with a change to one category. What is not named stays unnamed, and so goes on to follow `*`. */
export function withCategory(preferences: Preferences, name: string, change: Partial<CategoryPreference>): Preferences {
  const changed = { ...preferenceOf(preferences, name), ...change };
  return { ...preferences, categories: { ...preferences.categories, [name]: changed } };
}

/** The categories to show: those that everybody has, those that were set, those that came, and last all others. */
export function categoriesOf({ categories }: Preferences, seen: readonly string[]): string[] {
  const named = new Set([...KNOWN, ...[...Object.keys(categories), ...seen].toSorted()]);
  named.delete(ALL);
  return [...named, ALL];
}

/** Why quiet hours cannot be saved, in a sentence; null when they can. */
export function faultOf(hours: QuietHours | null): string | null {
  if (hours === null) return null;
  if (hours.start === '' || hours.end === '') return 'Say when the quiet hours begin and when they end.';
  return hours.start === hours.end ? 'Quiet hours have to end at another time than they begin.' : null;
}

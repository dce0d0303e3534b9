/** A part of a list: at most `limit` entries after the one with the id `after`. Most ids are UUIDv7: their order is that of time. */
export interface Page {
  after?: string | undefined;
  limit: number;
}

/**
 * The entries of a page and, when there are more, where the next page begins: at what `cursorOf` makes of the last entry. `found`
 * holds one entry more than `limit`, if there is.
 */
export function pageOf<T, Cursor>(found: readonly T[], limit: number, cursorOf: (last: T) => Cursor): { entries: T[]; next: Cursor | null } {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: found.length > limit && last !== undefined ? cursorOf(last) : null };
}

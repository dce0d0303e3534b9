/** A part of a list: at most `limit` entries after the one with the id `after`. Ids are UUIDv7: their order is that of time. */
export interface Page {
  after?: string | undefined;
  limit: number;
}

/** The entries of a page and, when there are more, where the next page begins. `found` holds one entry more than `limit`, if there is. */
export function pageOf<T extends { id: string }>(found: readonly T[], limit: number): { entries: T[]; next: string | null } {
  const entries = found.slice(0, limit);
  return { entries, next: found.length > limit ? (entries.at(-1)?.id ?? null) : null };
}

import type { MODERATORS } from '@armoricore/shared/events';

/** What a moderator thinks of a text. */
export interface Opinion {
  flagged: boolean;
  /** What it is flagged for, where the moderator tells, like `harassment`. */
  categories: string[];
}

/** Looks at what people write. */
export interface Moderator {
  readonly name: (typeof MODERATORS)[number];
  /** @throws AppError `unavailable`, `service_refused`, `service_failed`; the reason of the signal */
  check(text: string, options: { signal: AbortSignal }): Promise<Opinion>;
}

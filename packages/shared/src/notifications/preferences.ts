import { z } from 'zod';
import { localeTag } from './locale.ts';
import { quietHours } from './quiet-hours.ts';

export const CHANNELS = ['push', 'email'] as const;
export type NotificationChannel = (typeof CHANNELS)[number];

/** The kind of a notification as users may switch it on and off: `chat`, `marketing.weekly`. */
export const category = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/);
export const DEFAULT_CATEGORY = 'general';

/** What becomes of a notification in quiet hours: part of the digest at their end, dropped, or sent all the same. */
export const QUIET_WAYS = ['digest', 'drop', 'send'] as const;

const categoryPreference = z.strictObject({
  push: z.boolean().default(true),
  email: z.boolean().default(true),
  quiet: z.enum(QUIET_WAYS).default('digest'),
});
export type CategoryPreference = z.infer<typeof categoryPreference>;

/** What a user wishes. Categories that are not named are as `*` says, and where that is missing on. */
export const notificationPreferences = z.strictObject({
  categories: z
    .record(z.union([z.literal('*'), category]), categoryPreference)
    .refine((categories) => Object.keys(categories).length <= 100, 'at most 100 categories')
    .default({}),
  quiet_hours: quietHours.nullable().default(null),
  locale: localeTag.nullable().default(null),
});
export type NotificationPreferences = z.infer<typeof notificationPreferences>;

export const NO_PREFERENCES: NotificationPreferences = { categories: {}, quiet_hours: null, locale: null };

/** What a user wishes of one category. */
export function preferenceOf({ categories }: NotificationPreferences, name: string): CategoryPreference {
  const own = Object.hasOwn(categories, name) ? categories[name] : undefined;
  return own ?? (Object.hasOwn(categories, '*') ? categories['*'] : undefined) ?? { push: true, email: true, quiet: 'digest' };
}

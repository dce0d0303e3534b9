import { z } from 'zod';

const DAY_MS = 86_400_000;
/** Days of one query. */
export const MOST_DAYS = 366;

/** What is counted: by events of the bus and, as there may be very many, messages where they stand. */
export const COUNTED_EVENTS = ['presence.update', 'media.ready', 'media.failed'] as const;
export const COUNTED = [...COUNTED_EVENTS, 'chat.message'] as const;

const day = z.iso.date();

/** From and to are days in UTC, both included; without them it is the last 30 days. */
export const analyticsQuery = z
  .strictObject({ from: day.optional(), to: day.optional(), type: z.enum(COUNTED).optional() })
  .transform(({ from, to, type }) => {
    const last = to ?? dayOf(Date.now());
    return { from: from ?? dayOf(Date.parse(last) - 29 * DAY_MS), to: last, type };
  })
  .refine(({ from, to }) => from <= to, { path: ['from'], message: 'is after `to`' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < MOST_DAYS * DAY_MS, { path: ['from'], message: `is more than ${MOST_DAYS} days before \`to\`` });
export type AnalyticsQuery = z.infer<typeof analyticsQuery>;

/** How many events of a type there were on a day, and of how many users. */
export const analyticsDay = z.object({ day, type: z.string(), events: z.number().int(), users: z.number().int().describe('Distinct ones.') }).meta({ id: 'AnalyticsDay' });
export type AnalyticsDay = z.infer<typeof analyticsDay>;

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

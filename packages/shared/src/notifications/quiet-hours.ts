import { z } from 'zod';

const MINUTE_MS = 60_000;
const DAY_MIN = 24 * 60;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
/** Longer than any night, even one that the clocks make longer. */
const HORIZON_MS = 26 * 60 * MINUTE_MS;

/** An IANA name that this machine knows, like `Europe/Berlin`. */
export const timeZone = z.string().max(64).refine(isTimeZone, 'an IANA time zone like Europe/Berlin');

/** Every day from `start` to `end`, by the clock on the wall of `timezone`; over midnight when `end` is the earlier. */
export const quietHours = z
  .strictObject({ start: z.string().regex(TIME_OF_DAY), end: z.string().regex(TIME_OF_DAY), timezone: timeZone })
  .refine(({ start, end }) => start !== end, { path: ['end'], message: 'another time than start' });
export type QuietHours = z.infer<typeof quietHours>;

/**
 * When the quiet hours that `now` is in end; null when it is in none. That is the first moment from now on at which the wall clock
 * is outside of them: where clocks are put forward over `end` that is the moment after the jump, and where they are put back over it
 * what comes twice ends twice.
 */
export function quietUntil(now: Date, { start, end, timezone }: QuietHours): Date | null {
  const from = minutesOf(start);
  const to = minutesOf(end);
  const quiet = (at: number): boolean => {
    const time = wallMinutes(at, timezone);
    return from < to ? time >= from && time < to : time >= from || time < to;
  };
  let at = now.getTime();
  if (!quiet(at)) return null;
  // Clocks change rarely: at most twice within a night is far more than any zone does.
  for (let changes = 0; changes < 3; changes++) {
    const left = (to - wallMinutes(at, timezone) + DAY_MIN) % DAY_MIN;
    const expected = floorToMinute(at) + left * MINUTE_MS;
    const change = firstChange(at, expected, timezone);
    if (change === null) return new Date(expected);
    if (!quiet(change)) return new Date(change);
    at = change;
  }
  return new Date(at);
}

/** The first moment in (from, to], to the minute, at which the wall clock has jumped; null when it runs evenly. */
function firstChange(from: number, to: number, timezone: string): number | null {
  const offset = offsetMinutes(from, timezone);
  if (to - from > HORIZON_MS || offsetMinutes(to, timezone) === offset) return null;
  let [same, other] = [floorToMinute(from), to];
  while (other - same > MINUTE_MS) {
    const middle = floorToMinute((same + other) / 2);
    if (offsetMinutes(middle, timezone) === offset) same = middle;
    else other = middle;
  }
  return other;
}

/** More than there are time zones. */
const MOST_FORMATS = 700;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats are costly to make. The names of zones may be written in many ways, so their number is bounded. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', day: 'numeric', hour: 'numeric', minute: 'numeric' });
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(timezone, made);
  return made;
}

function wallTime(at: number, timezone: string): { day: number; minutes: number } {
  const parts = { day: 0, hour: 0, minute: 0 } as Record<string, number>;
  for (const { type, value } of formatOf(timezone).formatToParts(at)) parts[type] = Number(value);
  return { day: parts['day']!, minutes: parts['hour']! * 60 + parts['minute']! };
}

/** Minutes since midnight on the wall. */
function wallMinutes(at: number, timezone: string): number {
  return wallTime(at, timezone).minutes;
}

/** By how much the wall is ahead of UTC, in minutes, within a day. */
function offsetMinutes(at: number, timezone: string): number {
  const utc = new Date(at);
  const here = wallTime(at, timezone);
  const ahead = here.day - utc.getUTCDate(); // At the turn of a month by a whole month, the other way round.
  const days = ahead === 0 ? 0 : ahead === 1 || ahead < -1 ? 1 : -1;
  return days * DAY_MIN + here.minutes - (utc.getUTCHours() * 60 + utc.getUTCMinutes());
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function floorToMinute(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS;
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

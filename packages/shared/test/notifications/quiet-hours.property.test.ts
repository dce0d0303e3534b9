import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quietHours, quietUntil, type QuietHours } from '../../src/notifications/index.ts';

const ZONES = Intl.supportedValuesOf('timeZone');
const MINUTE = 60_000;
const formats = new Map(ZONES.map((zone) => [zone, new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', hour: '2-digit', minute: '2-digit' })]));
const clock = (at: number, zone: string): string => formats.get(zone)!.format(at);

/** The definition: by the clock on the wall. */
function isQuiet(at: number, { start, end, timezone }: QuietHours): boolean {
  const time = clock(at, timezone);
  return start < end ? time >= start && time < end : time >= start || time < end;
}

const timeOfDay = fc.integer({ min: 0, max: 24 * 60 - 1 }).map((minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`);
const hours = fc.record({ start: timeOfDay, end: timeOfDay, timezone: fc.constantFrom(...ZONES) }).filter(({ start, end }) => start !== end);
const moment = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2035, 0, 1) });

/** Moments within a day of a change of clocks in a zone, where there is one in a year. */
const nearChange = fc.record({ timezone: fc.constantFrom(...ZONES), year: fc.integer({ min: 2016, max: 2030 }), which: fc.boolean(), shift: fc.integer({ min: -26 * 60, max: 4 * 60 }) }).map(({ timezone, year, which, shift }) => {
  const offsetAt = (at: number): string => new Date(at).toLocaleString('en-GB', { timeZone: timezone, timeZoneName: 'longOffset' }).split(' ').at(-1)!;
  const months = Array.from({ length: 13 }, (_, month) => Date.UTC(year, month, 1));
  const changing = months.slice(1).map((to, index) => [months[index]!, to] as const).filter(([from, to]) => offsetAt(from) !== offsetAt(to));
  let [from, to] = changing.at(which ? 0 : -1) ?? [months[5]!, months[6]!];
  while (to - from > MINUTE) {
    const middle = Math.floor((from + to) / 2 / MINUTE) * MINUTE;
    if (offsetAt(middle) === offsetAt(from)) from = middle;
    else to = middle;
  }
  return { timezone, at: to + shift * MINUTE };
});

function check(at: number, wish: QuietHours): void {
  const until = quietUntil(new Date(at), wish);
  if (!isQuiet(at, wish)) return expect(until).toBeNull();
  expect(until).not.toBeNull();
  const end = until!.getTime();
  expect(end).toBeGreaterThan(at);
  expect(isQuiet(end, wish)).toBe(false);
  // Clocks that jump over what is left of a day join two of them.
  expect(end - at).toBeLessThanOrEqual(48 * 60 * MINUTE);
  // Not a minute too late: everything before is quiet. Every minute of the last three hours, and steps before, are looked at.
  for (let before = end - MINUTE, steps = 0; before > at && steps < 400; steps++, before -= steps < 180 ? MINUTE : 11 * MINUTE) {
    if (!isQuiet(before, wish)) expect.fail(`was over at ${new Date(before).toISOString()}, not only at ${new Date(end).toISOString()}`);
  }
}

describe('quiet hours', () => {
  it('end at the first moment at which the wall clock is outside of them, in every time zone', () => {
    for (const timezone of ZONES) fc.assert(fc.property(moment, timeOfDay, timeOfDay, (at, start, end) => start === end || (check(at, { start, end, timezone }), true)), { numRuns: 4 });
  });

  it('and around every change of the clocks', () => {
    fc.assert(fc.property(nearChange, timeOfDay, timeOfDay, ({ at, timezone }, start, end) => start === end || (check(at, { start, end, timezone }), true)), { numRuns: 600 });
  });

  it('tell the same at every moment of one night', () => {
    fc.assert(
      fc.property(moment, hours, (at, wish) => {
        const until = quietUntil(new Date(at), wish);
        if (until === null) return;
        const later = Math.floor((at + until.getTime()) / 2);
        expect(quietUntil(new Date(later), wish)).toEqual(until);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    // Spring: 02:00 becomes 03:00. Autumn: 03:00 becomes 02:00.
    ['a normal night', '2026-06-10T23:30:00+02:00', '22:00', '07:00', 'Europe/Berlin', '2026-06-11T07:00:00+02:00'],
    ['a night that is an hour shorter', '2026-03-28T23:30:00+01:00', '22:00', '07:00', 'Europe/Berlin', '2026-03-29T07:00:00+02:00'],
    ['a night that is an hour longer', '2026-10-24T23:30:00+02:00', '22:00', '07:00', 'Europe/Berlin', '2026-10-25T07:00:00+01:00'],
    ['an end that the clocks jump over', '2026-03-29T01:30:00+01:00', '22:00', '02:30', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
    ['an end that comes twice', '2026-10-25T01:30:00+02:00', '22:00', '02:30', 'Europe/Berlin', '2026-10-25T02:30:00+02:00'],
    ['its second time', '2026-10-25T02:10:00+01:00', '22:00', '02:30', 'Europe/Berlin', '2026-10-25T02:30:00+01:00'],
    ['half an hour of change', '2026-10-04T01:00:00+10:30', '22:00', '07:00', 'Australia/Lord_Howe', '2026-10-04T07:00:00+11:00'],
    ['an afternoon', '2026-06-10T13:59:30Z', '13:00', '14:00', 'UTC', '2026-06-10T14:00:00Z'],
  ])('%s', (_what, now, start, end, timezone, until) => {
    expect(quietUntil(new Date(now), { start, end, timezone })).toEqual(new Date(until));
  });

  it.each([
    [{ start: '22:00', end: '22:00', timezone: 'UTC' }],
    [{ start: '24:00', end: '07:00', timezone: 'UTC' }],
    [{ start: '22:00', end: '7:00', timezone: 'UTC' }],
    [{ start: '22:00', end: '07:00', timezone: 'Mars/Olympus' }],
    [{ start: '22:00', end: '07:00', timezone: '' }],
    [{ start: '22:00', end: '07:00' }],
    [{ start: '22:00', end: '07:00', timezone: 'UTC', days: [1] }],
  ])('are not %j', (wrong) => {
    expect(quietHours.safeParse(wrong).success).toBe(false);
  });
});

import fc from 'fast-check';
import { expect, expectTypeOf, it } from 'vitest';
import { notificationPreferences, preferenceOf as preferenceOfServer, type NotificationPreferences } from '../../../shared/src/notifications/index.ts';
import { categoriesOf, faultOf, preferenceOf, QUIET_WAYS, withCategory, type Preferences } from '../../src/settings/preferences.ts';
import { isChanged, reduce, type Settings, type SettingsEvent } from '../../src/settings/state.ts';
import { categoryInWords } from '../../src/settings/words.ts';

const NONE: Preferences = { categories: {}, quiet_hours: null, locale: null };
const contact = { email: null, refused_at: null };
const name = fc.constantFrom('*', 'general', 'calls', 'marketing.weekly', 'constructor');
const preference = fc.record({ push: fc.boolean(), email: fc.boolean(), quiet: fc.constantFrom(...QUIET_WAYS) });
const preferences: fc.Arbitrary<Preferences> = fc.record({ categories: fc.dictionary(name, preference, { noNullPrototype: true }), quiet_hours: fc.constant(null), locale: fc.constantFrom(null, 'de') });

it('the page knows preferences as the server has them, and understands them alike', () => {
  expectTypeOf<NotificationPreferences>().toExtend<Preferences>();
  fc.assert(
    fc.property(preferences, name, (all, one) => {
      expect(preferenceOf(all, one)).toEqual(preferenceOfServer(all as NotificationPreferences, one));
    }),
  );
});

it('a change is of one category alone, and one that the server takes', () => {
  fc.assert(
    fc.property(preferences, name, preference, (all, one, change) => {
      const changed = withCategory(all, one, change);
      expect(preferenceOf(changed, one)).toEqual(change);
      expect({ ...changed, categories: { ...changed.categories, [one]: null } }).toEqual({ ...all, categories: { ...all.categories, [one]: null } });
      expect(notificationPreferences.safeParse(changed).success).toBe(true);
    }),
  );
});

it('shows every category once, and all others last', () => {
  expect(categoriesOf({ ...NONE, categories: { '*': preferenceOf(NONE, '*'), zoo: preferenceOf(NONE, 'zoo') } }, ['billing', 'calls'])).toEqual(['general', 'calls', 'billing', 'zoo', '*']);
  expect(categoryInWords('marketing.weekly')).toBe('Marketing weekly');
  expect(categoryInWords('constructor')).toBe('Constructor');
});

it('quiet hours need a beginning and another end', () => {
  const hours = (start: string, end: string) => faultOf({ start, end, timezone: 'Europe/Berlin' });
  expect(faultOf(null)).toBeNull();
  expect(hours('22:00', '07:00')).toBeNull();
  expect(hours('', '07:00')).toContain('when the quiet hours begin');
  expect(hours('07:00', '07:00')).toContain('another time');
});

const after = (...events: SettingsEvent[]): Settings => events.reduce<Settings>(reduce, { at: 'loading' });
const loaded: SettingsEvent = { type: 'loaded', preferences: NONE, contact, seen: [] };
const draft: Preferences = { ...NONE, locale: 'de' };

it('what was changed and not saved outlives what is read, and what failed', () => {
  expect(after(loaded, { type: 'changed', draft }, loaded)).toMatchObject({ draft, saved: NONE });
  expect(after(loaded, { type: 'changed', draft }, { type: 'unread', fault: 'x' })).toMatchObject({ at: 'ready', draft });
  expect(after(loaded, { type: 'changed', draft }, { type: 'saving' }, { type: 'not_saved', fault: 'x' })).toMatchObject({ draft, save: { at: 'failed', fault: 'x' } });
  expect(after({ type: 'unread', fault: 'x' })).toEqual({ at: 'unread', fault: 'x' });
});

it('is saved when the server has what is shown, and not when it was changed meanwhile', () => {
  const saved: SettingsEvent = { type: 'saved', preferences: draft, sent: draft };
  const done = after(loaded, { type: 'changed', draft }, { type: 'saving' }, saved);
  expect(done).toMatchObject({ saved: draft, draft, save: { at: 'saved' } });
  const more = { ...draft, locale: 'fr' };
  const changed = after(loaded, { type: 'changed', draft }, { type: 'saving' }, { type: 'changed', draft: more }, saved);
  expect(changed).toMatchObject({ saved: draft, draft: more, save: { at: 'idle' } });
  expect(changed.at === 'ready' && isChanged(changed)).toBe(true);
});

import { describe, expect, it } from 'vitest';
import { createEvent, MAX_EVENT_BYTES, type BusEvent } from '../../events/index.ts';
import type { SubscriptionOptions } from '../port.ts';
import { differs, eventually, labelled, labelOf, range, TYPES, useBench, type MakeBusHarness } from './support.ts';

/** Promises about what may be published and who gets it. */
export function publishing(makeHarness: MakeBusHarness): void {
  describe('publishing', () => {
    const bench = useBench(makeHarness);

    it('gives an event as it was published', async () => {
      const event = createEvent(
        'media.uploaded',
        { media_id: 'm1', user_id: 'ü-1', file_path: 'file://media/m1/source', metadata: { deep: [{ z: 1, a: null }], text: 'a "quoted" 🎬 \\u0000 \u0001' } },
        { source: 'backend', userId: 'u1', trace: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
      );
      const seen: BusEvent[] = [];
      await bench.bus.subscribe({ group: 'g', types: ['media.uploaded'], handler: async (got) => void seen.push(got) });
      expect(await bench.bus.publish(event)).toEqual({ duplicate: false });
      await eventually(() => seen, [event]);
    });

    it('accepts the same event once, also when it is published twice at the same moment', async () => {
      const other = await bench.harness.open();
      const seen: string[] = [];
      await bench.bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
      const event = labelled('u', 'once');
      const results = await Promise.all(range(6).map((i) => (i % 2 === 0 ? bench.bus : other).publish(event)));
      expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      const later = { ...event, timestamp: new Date(Date.now() + 60_000).toISOString() };
      expect(await other.publish(later)).toEqual({ duplicate: true });
      await bench.bus.publish(labelled('u', 'last'));
      await eventually(() => seen, ['once', 'last']);
    });

    it('knows the same content whatever the order of its fields', async () => {
      const event = labelled('u', 'x');
      const { user_id, reason } = event.payload;
      await bench.bus.publish(event);
      const turned = { ...event, payload: { ...(reason === undefined ? {} : { reason }), user_id } };
      expect(await bench.bus.publish(turned)).toEqual({ duplicate: true });
    });

    it('refuses an event_id that was used for another content', async () => {
      const event = labelled('u', 'first');
      await bench.bus.publish(event);
      const conflict = { code: 'event_id_conflict', details: { event_id: event.event_id } };
      await expect(bench.bus.publish({ ...labelled('u', 'second'), event_id: event.event_id })).rejects.toMatchObject(conflict);
      await expect(bench.bus.publish({ ...event, source: 'realtime' })).rejects.toMatchObject(conflict);
      const seen: string[] = [];
      await bench.bus.subscribe({ group: 'g', types: TYPES, handler: async (got) => void seen.push(labelOf(got)) });
      await bench.bus.publish(labelled('u', 'last'));
      await eventually(() => seen, ['first', 'last']);
    });

    it('takes an event of the largest size and refuses one byte more', async () => {
      const sized = (length: number) =>
        createEvent('media.uploaded', { media_id: 'm', user_id: 'u', file_path: 'file://x', metadata: { fill: 'x'.repeat(length) } }, { source: 'backend' });
      const frame = Buffer.byteLength(JSON.stringify(sized(0)));
      expect(await bench.bus.publish(sized(MAX_EVENT_BYTES - frame))).toEqual({ duplicate: false });
      await expect(bench.bus.publish(sized(MAX_EVENT_BYTES - frame + 1))).rejects.toMatchObject({ code: 'payload_too_large' });
    });

    it.each([
      ['a NUL character', { text: 'a\0b' }],
      ['half a surrogate pair', { text: '\ud83c' }],
      ['a NUL in a field name', { 'a\0b': 1 }],
      ['nesting without end', JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)) as unknown],
    ])('refuses %s', async (_, value) => {
      const metadata = { value };
      const event = createEvent('media.uploaded', { media_id: 'm', user_id: 'u', file_path: 'file://x', metadata }, { source: 'backend' });
      await expect(bench.bus.publish(event)).rejects.toMatchObject({ code: 'invalid_payload' });
    });

    it('gives a new group what was published before, in order, and nothing of other types', async () => {
      for (const i of range(5)) await bench.bus.publish(labelled('u', i));
      await bench.bus.publish(createEvent('presence.update', { user_id: 'u', status: 'away', topic: 't' }, { source: 'realtime' }));
      const seen: string[] = [];
      await bench.bus.subscribe({ group: 'late', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
      await bench.bus.publish(labelled('u', 5));
      await eventually(() => seen, differs(bench, 'history') ? ['5'] : ['0', '1', '2', '3', '4', '5']);
    });

    it('gives an event for one group to that group alone', async () => {
      const seen: string[] = [];
      const note = (group: string): SubscriptionOptions<'user.revoked'> => ({
        group,
        types: TYPES,
        handler: async (event, { onlyFor }) => void seen.push(`${group}: ${labelOf(event)} ${onlyFor ?? 'for all'}`),
      });
      for (const group of ['a', 'b']) await bench.bus.subscribe(note(group));
      await bench.bus.publish(labelled('u', 'once more'), { group: 'b' });
      await bench.bus.publish(labelled('u', 'last'));
      await eventually(() => seen.toSorted(), ['a: last for all', 'b: last for all', 'b: once more b']);
    });

    it('counts what a group has yet to handle', async () => {
      const bus = bench.bus;
      expect(await bus.backlog('nobody')).toBe(0);
      const paused = await bus.subscribe({ group: 'g', types: TYPES, handler: async () => undefined });
      await paused.stop();
      for (const i of range(3)) await bus.publish(labelled(`u${i}`, i));
      await eventually(() => bus.backlog('g'), 3);
      await bus.subscribe({ group: 'g', types: TYPES, handler: async () => undefined });
      await eventually(() => bus.backlog('g'), 0);
    });

    it('gives every group every event, also a group that is down', async () => {
      const seen: string[] = [];
      const note = (group: string) => ({ group, types: TYPES, handler: async (event: BusEvent<'user.revoked'>) => void seen.push(`${group}${labelOf(event)}`) });
      const first = await bench.bus.subscribe(note('a'));
      await bench.bus.subscribe(note('b'));
      await bench.bus.publish(labelled('u', 1));
      await eventually(() => seen.toSorted(), ['a1', 'b1']);
      await first.stop();
      await bench.bus.publish(labelled('u', 2));
      await eventually(() => seen.toSorted(), ['a1', 'b1', 'b2']);
      await bench.bus.subscribe(note('a'));
      await eventually(() => seen.toSorted(), ['a1', 'a2', 'b1', 'b2']);
    });

    it('widens a group by a type without repeating what it had', async () => {
      const presence = (topic: string) => createEvent('presence.update', { user_id: 'u', status: 'away', topic }, { source: 'realtime' });
      const seen: string[] = [];
      const narrow = await bench.bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
      await bench.bus.publish(labelled('u', 1));
      await bench.bus.publish(presence('old'));
      await eventually(() => seen, ['1']);
      await eventually(() => bench.bus.backlog('g'), 0); // It has passed over what it does not take.
      await narrow.stop();
      await bench.bus.subscribe({
        group: 'g',
        types: ['user.revoked', 'presence.update'],
        handler: async (event) => void seen.push(event.event_type === 'user.revoked' ? labelOf(event) : event.payload.topic),
      });
      await bench.bus.publish(presence('new'));
      await eventually(() => seen, differs(bench, 'widening') ? ['1', 'new'] : ['1', 'old', 'new']);
    });
  });
}

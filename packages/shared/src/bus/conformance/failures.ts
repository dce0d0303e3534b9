import { describe, expect, it } from 'vitest';
import { AppError } from '../../kernel/index.ts';
import { eventually, gate, labelled, labelOf, NO_BACKOFF, TYPES, useBench, type MakeBusHarness } from './support.ts';

/** Promises about events that fail and consumers that die. */
export function failures(makeHarness: MakeBusHarness): void {
  describe('failures', () => {
    const bench = useBench(makeHarness);

    it('repeats an event until its handler resolves, counting the tries, and holds back its key', async () => {
      const seen: string[] = [];
      await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        backoff: { baseMs: 20, maxMs: 40 },
        handler: async (event, { attempt }) => {
          seen.push(`${labelOf(event)}#${attempt}`);
          if (labelOf(event) === 'bad' && attempt < 3) throw new Error('not yet');
        },
      });
      await bench.bus.publish(labelled('u', 'bad'));
      await bench.bus.publish(labelled('u', 'next'));
      await eventually(() => seen, ['bad#1', 'bad#2', 'bad#3', 'next#1']);
      expect(await bench.harness.deadLetters('g')).toEqual([]);
    });

    it('moves an event to the dead letters after the last try, and goes on with its key', async () => {
      const seen: string[] = [];
      await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        maxAttempts: 3,
        backoff: NO_BACKOFF,
        handler: async (event, { attempt }) => {
          if (labelOf(event) === 'poison') throw new AppError('unavailable', {}, { message: 'no answer', cause: new Error('port 1 is closed') });
          seen.push(`${labelOf(event)}#${attempt}`);
        },
      });
      const poison = labelled('u', 'poison');
      await bench.bus.publish(poison);
      await bench.bus.publish(labelled('u', 'next'));
      await eventually(() => seen, ['next#1']);
      expect(await bench.harness.deadLetters('g')).toEqual([
        { eventId: poison.event_id, reason: 'unavailable', attempts: 3, lastError: 'no answer: port 1 is closed' },
      ]);
      expect(await bench.harness.deadLetters('other')).toEqual([]);
    });

    it('does not try again what cannot succeed', async () => {
      let tries = 0;
      await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        handler: async () => {
          tries += 1;
          throw new AppError('not_found');
        },
      });
      const event = labelled('u', 1);
      await bench.bus.publish(event);
      await eventually(async () => (await bench.harness.deadLetters('g')).map(({ eventId, reason, attempts }) => [eventId, reason, attempts]), [
        [event.event_id, 'not_found', 1],
      ]);
      expect(tries).toBe(1);
    });

    it('does not handle an event whose source may not send such', async () => {
      const seen: string[] = [];
      await bench.bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
      const stolen = { ...labelled('u', 'stolen'), source: 'media-worker' };
      await bench.bus.publish(stolen);
      await bench.bus.publish(labelled('u', 'right'));
      await eventually(() => seen, ['right']);
      expect(await bench.harness.deadLetters('g')).toMatchObject([{ eventId: stolen.event_id, reason: 'source_not_allowed', attempts: 1 }]);
    });

    it('takes a handler that throws before it returns a promise as failed', async () => {
      await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        maxAttempts: 1,
        handler: () => {
          throw new Error('at once');
        },
      });
      await bench.bus.publish(labelled('u', 1));
      const letters = async () => (await bench.harness.deadLetters('g')).map(({ reason, lastError }) => [reason, lastError]);
      await eventually(letters, [['internal', 'at once']]);
    });

    it('gives the event of a dead consumer to another when the lease has run out', async () => {
      const dying = await bench.harness.open();
      const begun = gate();
      let aborted = false;
      await dying.subscribe({
        group: 'g',
        types: TYPES,
        leaseMs: 300,
        handler: (_, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              resolve();
            });
            begun.open();
          }),
      });
      await bench.bus.publish(labelled('u', 1));
      await bench.bus.publish(labelled('u', 2));
      await begun.opened;
      await bench.harness.crash(dying);
      const seen: string[] = [];
      await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        leaseMs: 300,
        handler: async (event, { attempt }) => void seen.push(`${labelOf(event)}#${attempt}`),
      });
      await eventually(() => seen, ['1#2', '2#1']);
      await eventually(() => aborted, true);
    });

    it('moves an event whose consumers die again and again to the dead letters', async () => {
      const subscription = { group: 'g', types: TYPES, leaseMs: 200, maxAttempts: 2 };
      for (let life = 1; life <= 2; life++) {
        const dying = await bench.harness.open();
        const begun = gate();
        if (life === 1) await bench.bus.publish(labelled('u', 'killer'));
        await dying.subscribe({
          ...subscription,
          handler: (_, { signal }) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => resolve());
              begun.open();
            }),
        });
        await begun.opened;
        await bench.harness.crash(dying);
      }
      const seen: string[] = [];
      await bench.bus.publish(labelled('u', 'next'));
      await bench.bus.subscribe({ ...subscription, handler: async (event) => void seen.push(labelOf(event)) });
      await eventually(() => seen, ['next']);
      expect(await bench.harness.deadLetters('g')).toMatchObject([{ attempts: 2, lastError: expect.stringContaining('died') as string }]);
    });

    it('is not ready, and publishes nothing, when it is cut off', async () => {
      await bench.bus.ready();
      await bench.harness.crash(bench.bus);
      await expect(bench.bus.ready()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(bench.bus.publish(labelled('u', 1))).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
}

import { describe, expect, it, vi } from 'vitest';
import type { BusEvent } from '../../events/index.ts';
import { differs, eventually, gate, labelled, labelOf, NO_BACKOFF, range, TYPES, useBench, type MakeBusHarness } from './support.ts';

type Revoked = BusEvent<'user.revoked'>;

/** Promises about order, concurrency and the end of a subscription. */
export function delivery(makeHarness: MakeBusHarness): void {
  describe('delivery', () => {
    const bench = useBench(makeHarness);

    it('keeps the order of each key and runs one event of a key at a time, across consumers, through retries', async () => {
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const handled: Record<string, string[]> = Object.fromEntries(keys.map((key) => [key, []]));
      const running = new Set<string>();
      const overlaps: string[] = [];
      let widest = 0;
      const handler = async (event: Revoked, { attempt }: { attempt: number }): Promise<void> => {
        const key = event.payload.user_id;
        if (running.has(key)) overlaps.push(key);
        running.add(key);
        widest = Math.max(widest, running.size);
        await new Promise((resolve) => setTimeout(resolve, Number(labelOf(event)) % 4));
        running.delete(key);
        if (attempt === 1 && Number(labelOf(event)) % 7 === 3) throw new Error('not at the first try');
        handled[key]!.push(labelOf(event));
      };
      const buses = [bench.bus, await bench.harness.open(), await bench.harness.open()];
      for (const bus of buses) await bus.subscribe({ group: 'g', types: TYPES, handler, concurrency: 4, backoff: NO_BACKOFF });
      for (const i of range(30)) await Promise.all(keys.map((key, k) => buses[(i + k) % 3]!.publish(labelled(key, i))));
      const inOrder = range(30).map(String);
      await eventually(() => handled, Object.fromEntries(keys.map((key) => [key, inOrder])));
      expect(overlaps).toEqual([]);
      expect(widest).toBeGreaterThan(1);
    });

    it('lets other keys pass while one event is slow', async () => {
      const slow = gate();
      const seen: string[] = [];
      const handler = async (event: Revoked): Promise<void> => {
        if (event.payload.user_id === 'slow') await slow.opened;
        seen.push(labelOf(event));
      };
      await bench.bus.subscribe({ group: 'g', types: TYPES, handler });
      await bench.bus.publish(labelled('slow', 's1'));
      await bench.bus.publish(labelled('slow', 's2'));
      await bench.bus.publish(labelled('quick', 'q'));
      await eventually(() => seen, ['q']);
      slow.open();
      await eventually(() => seen, ['q', 's1', 's2']);
    });

    it('runs no more at once than asked for', async () => {
      let running = 0;
      let widest = 0;
      let done = 0;
      const handler = async (): Promise<void> => {
        widest = Math.max(widest, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running -= 1;
        done += 1;
      };
      for (const i of range(20)) await bench.bus.publish(labelled(`u${i}`, i));
      await bench.bus.subscribe({ group: 'g', types: TYPES, handler, concurrency: 3 });
      await eventually(() => done, 20);
      expect(widest).toBe(3);
    });

    it('shares the events of a group among its consumers, each event to one of them', async () => {
      const other = await bench.harness.open();
      const seen: string[] = [];
      const by = new Set<string>();
      const consume = (name: string) => ({
        group: 'g',
        types: TYPES,
        concurrency: 1,
        handler: async (event: Revoked) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          by.add(name);
          seen.push(labelOf(event));
        },
      });
      await bench.bus.subscribe(consume('first'));
      await other.subscribe(consume('second'));
      await Promise.all(range(40).map((i) => bench.bus.publish(labelled(`u${i}`, i))));
      await eventually(() => seen.length, 40);
      expect(new Set(seen).size).toBe(40);
      expect([...by].toSorted()).toEqual(['first', 'second']);
    });

    it('does not repeat an event whose handler runs longer than the lease', async () => {
      const other = await bench.harness.open();
      let starts = 0;
      const ended: boolean[] = [];
      const handler = async (_: Revoked, { signal }: { signal: AbortSignal }): Promise<void> => {
        starts += 1;
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        ended.push(signal.aborted);
      };
      for (const bus of [bench.bus, other]) await bus.subscribe({ group: 'g', types: TYPES, handler, leaseMs: 300 });
      await bench.bus.publish(labelled('u', 1));
      await eventually(() => ended, [false]);
      expect(starts).toBe(1);
    });

    it('stops when its handlers have ended, tells them to, and takes nothing more', async () => {
      const finish = gate();
      const seen: string[] = [];
      let aborted = false;
      const handler = async (event: Revoked, { signal }: { signal: AbortSignal }): Promise<void> => {
        signal.addEventListener('abort', () => (aborted = true));
        seen.push(labelOf(event));
        await finish.opened;
      };
      const subscription = await bench.bus.subscribe({ group: 'g', types: TYPES, handler, concurrency: 1 });
      await bench.bus.publish(labelled('a', 1));
      await eventually(() => seen, ['1']);
      await bench.bus.publish(labelled('b', 2));
      let stopped = false;
      const stopping = subscription.stop().then(() => (stopped = true));
      await vi.waitFor(() => expect(aborted).toBe(true));
      await bench.bus.publish(labelled('c', 3));
      expect(stopped).toBe(false);
      finish.open();
      await stopping;
      expect(seen).toEqual(['1']);
      const rest: string[] = [];
      await bench.bus.subscribe({ group: 'g', types: TYPES, handler: async (event, { attempt }) => void rest.push(`${labelOf(event)}#${attempt}`) });
      await eventually(() => rest.toSorted(), ['2#1', '3#1']);
    });

    it('gives an event that a stop interrupted to the next consumer, as though it had not been tried', async () => {
      const seen: number[] = [];
      const maxAttempts = differs(bench, 'stops-count') ? 2 : 1;
      const interrupted = await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        maxAttempts,
        handler: (_, { attempt, signal }) =>
          new Promise((_resolve, reject) => {
            seen.push(attempt);
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
      });
      await bench.bus.publish(labelled('u', 1));
      await eventually(() => seen, [1]);
      await interrupted.stop();
      await bench.bus.subscribe({ group: 'g', types: TYPES, maxAttempts, handler: async (_, { attempt }) => void seen.push(attempt) });
      await eventually(() => seen, [1, maxAttempts]);
      expect(await bench.harness.deadLetters('g')).toEqual([]);
    });

    it('closes as its subscriptions stop, also twice', async () => {
      const finish = gate();
      const seen: string[] = [];
      await bench.bus.subscribe({
        group: 'g',
        types: TYPES,
        handler: async (event) => {
          await finish.opened;
          seen.push(labelOf(event));
        },
      });
      const other = await bench.harness.open();
      await other.publish(labelled('u', 1));
      const closing = bench.bus.close();
      finish.open();
      await closing;
      await bench.bus.close();
      await other.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
      await other.publish(labelled('u', 2));
      await eventually(() => seen, ['1', '2']);
    });

    it('teaches who subscribes wrongly', async () => {
      const right = { group: 'g', types: TYPES, handler: async () => undefined };
      await expect(bench.bus.subscribe({ ...right, group: 'Not A Group' })).rejects.toThrow('allowed');
      await expect(bench.bus.subscribe({ ...right, types: [] })).rejects.toThrow('one or more of media.uploaded');
      await expect(bench.bus.subscribe({ ...right, types: ['no.such' as 'user.revoked'] })).rejects.toThrow('no.such');
      await expect(bench.bus.subscribe({ ...right, concurrency: 0 })).rejects.toThrow('concurrency is 0');
    });
  });
}

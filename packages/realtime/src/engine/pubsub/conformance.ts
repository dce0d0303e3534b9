import { describe, expect, it, onTestFinished } from 'vitest';
import type { Broadcast, PubSub } from './port.ts';

/** Two adapters as on two nodes of one cluster. They may be the same object where the adapter knows one process only. */
export interface PubSubPair {
  near: PubSub;
  far: PubSub;
}

/** How long a broadcast may take to the other node, in ms. */
const ARRIVAL_MS = 5_000;

/**
 * Holds an adapter against every promise of the `PubSub` port.
 * @param makePair two connected adapters; the suite closes them
 */
export function pubsubConformance(name: string, makePair: () => PubSubPair | Promise<PubSubPair>): void {
  const open = async (): Promise<PubSubPair> => {
    const pair = await makePair();
    onTestFinished(() => Promise.all([pair.near.close?.(), pair.far.close?.()]).then(() => undefined));
    await Promise.all([pair.near.ready?.(), pair.far.ready?.()]);
    return pair;
  };
  const topic = (): string => `conformance:${crypto.randomUUID()}`;

  describe(`${name} keeps the promises of PubSub`, () => {
    it('carries topic, event, payload, except and only unchanged, to both nodes', async () => {
      const { near, far } = await open();
      const there = listen(far, topic());
      const here = listen(near, there.topic);
      const broadcast = { topic: there.topic, event: 'said', payload: { text: 'ü ☃ 💡', nested: { list: [1, null, true] } }, except: 'one', only: ['socket:1', 'ü'] };
      near.publish(broadcast);
      await there.count(1);
      expect(here.got).toEqual([broadcast]);
      expect(there.got).toEqual([broadcast]);
    });

    it('carries bytes', async () => {
      const { near, far } = await open();
      const there = listen(far, topic());
      near.publish({ topic: there.topic, event: 'bytes', payload: Uint8Array.from([0, 1, 254, 255]) });
      await there.count(1);
      const { payload } = there.got[0]!;
      expect(payload).toBeInstanceOf(Uint8Array);
      expect([...(payload as Uint8Array)]).toEqual([0, 1, 254, 255]);
    });

    it('calls listeners on the publishing node before publish returns', async () => {
      const { near } = await open();
      const here = listen(near, topic());
      near.publish({ topic: here.topic, event: 'now', payload: {} });
      expect(here.got).toHaveLength(1);
    });

    it('keeps the order of one publisher and topic, and delivers once', async () => {
      const { near, far } = await open();
      const there = listen(far, topic());
      const here = listen(near, there.topic);
      const events = Array.from({ length: 500 }, (_, index) => String(index));
      for (const event of events) near.publish({ topic: there.topic, event, payload: {} });
      await there.count(events.length);
      await settle(near, far);
      expect(there.got.map(({ event }) => event)).toEqual(events);
      expect(here.got.map(({ event }) => event)).toEqual(events);
    });

    it('delivers to every listener of the topic and to no other topic', async () => {
      const { near, far } = await open();
      const one = listen(far, topic());
      const two = listen(far, one.topic);
      const others = [`${one.topic}:more`, one.topic.slice(0, -1), one.topic.toUpperCase(), `${one.topic.slice(0, 12)}*`].map((other) => listen(far, other));
      near.publish({ topic: one.topic, event: 'x', payload: {} });
      await Promise.all([one.count(1), two.count(1)]);
      await settle(near, far);
      expect(others.flatMap(({ got }) => got)).toEqual([]);
    });

    it('delivers nothing to who came later or has left; leaving twice is fine and spares the others', async () => {
      const { near, far } = await open();
      const stays = listen(far, topic());
      const left = listen(far, stays.topic);
      near.publish({ topic: stays.topic, event: 'first', payload: {} });
      await Promise.all([stays.count(1), left.count(1)]);
      left.stop();
      left.stop();
      const late = listen(far, stays.topic);
      await settle(near, far);
      near.publish({ topic: stays.topic, event: 'second', payload: {} });
      await Promise.all([stays.count(2), late.count(1)]);
      expect([left, late].map(({ got }) => got.map(({ event }) => event))).toEqual([['first'], ['second']]);
    });

    it('lets listeners come, go and publish while one is called', async () => {
      const { near } = await open();
      const spoken = topic();
      const seen: string[] = [];
      const stop = near.subscribe(spoken, ({ event }) => {
        seen.push(event);
        stop();
        near.publish({ topic: spoken, event: 'nested', payload: {} });
        listen(near, spoken);
      });
      near.publish({ topic: spoken, event: 'outer', payload: {} });
      expect(seen).toEqual(['outer']);
    });

    it('spares the publisher and the other listeners when one throws', async () => {
      const { near } = await open();
      const spoken = topic();
      near.subscribe(spoken, () => {
        throw new Error('a listener that throws');
      });
      const here = listen(near, spoken);
      near.publish({ topic: spoken, event: 'x', payload: {} });
      expect(here.got).toHaveLength(1);
    });
  });
}

interface Listening {
  topic: string;
  got: Broadcast[];
  /** Waits until so many broadcasts came. */
  count(least: number): Promise<void>;
  stop(): void;
}

function listen(pubsub: PubSub, topic: string): Listening {
  const got: Broadcast[] = [];
  let arrived = (): void => undefined;
  const stop = pubsub.subscribe(topic, (broadcast) => {
    got.push(broadcast);
    arrived();
  });
  onTestFinished(stop);
  return {
    topic,
    got,
    stop,
    async count(least) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${got.length} of ${least} broadcasts came within ${ARRIVAL_MS} ms`)), ARRIVAL_MS);
        arrived = () => {
          if (got.length < least) return;
          clearTimeout(timer);
          resolve();
        };
        arrived();
      });
    },
  };
}

/** What was published before has arrived once a later broadcast has; also new subscriptions are known by then. */
async function settle(near: PubSub, far: PubSub): Promise<void> {
  const probe = listen(far, `conformance:${crypto.randomUUID()}`);
  const poll = setInterval(() => near.publish({ topic: probe.topic, event: 'settled', payload: {} }), 5);
  try {
    await probe.count(1);
  } finally {
    clearInterval(poll);
    probe.stop();
  }
}

import { silentLog } from '@armoricore/shared/kernel';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createClusterPubSub, type Link } from '../../src/adapters/pubsub/cluster.ts';
import { openPubSub } from '../../src/adapters/pubsub/open.ts';

async function database(): Promise<string> {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  return url;
}

describe.each([
  ['PostgreSQL', database],
  ['Redis', () => Promise.resolve(inject('redisUrl'))],
  ['NATS', () => Promise.resolve(inject('natsUrl'))],
])('%s that goes away', (_name, urlOf) => {
  it('loses what is published meanwhile, serves this node, and carries on once it is back', async () => {
    const url = await urlOf();
    const proxy = await startTcpProxy(url);
    const namespace = freshName();
    const near = await openPubSub({ url: proxy.through(url), namespace, log: silentLog });
    const far = await openPubSub({ url, namespace, log: silentLog });
    onTestFinished(async () => {
      await Promise.all([near.close(), far.close()]);
      await proxy.close();
    });
    await Promise.all([near.ready(), far.ready()]);
    const heard = { near: [] as string[], far: [] as string[] };
    near.subscribe('t', ({ event }) => heard.near.push(event));
    far.subscribe('t', ({ event }) => heard.far.push(event));
    const say = (node: typeof near, event: string): void => node.publish({ topic: 't', event, payload: {} });

    say(near, 'before');
    await waitFor(() => heard.far.includes('before'));
    proxy.cut();
    say(near, 'meanwhile');
    expect(heard.near).toEqual(['before', 'meanwhile']);
    await waitFor(() => near.lost > 0, { timeoutMs: 20_000 });
    proxy.mend();
    await waitFor(async () => {
      say(near, 'after');
      say(far, 'back');
      await Promise.resolve();
      return heard.far.includes('after') && heard.near.includes('back');
    }, { timeoutMs: 25_000, intervalMs: 100 });
    expect(heard.far).not.toContain('meanwhile');
    await near.ready();
  });
});

describe('a link', () => {
  /** A way to nowhere that takes batches when it is told to. */
  function slowLink() {
    const waiting: { packets: readonly string[]; done: (error?: Error) => void }[] = [];
    const link: Link = {
      maxBytes: 1_000_000,
      send: (packets) => new Promise((resolve, reject) => waiting.push({ packets, done: (error) => (error === undefined ? resolve() : reject(error)) })),
      ready: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    return { waiting, pubsub: createClusterPubSub(() => link, { log: silentLog }) };
  }

  it('gets what a turn published as one batch, and while one is on its way the next is put together', async () => {
    const { waiting, pubsub } = slowLink();
    const say = (count: number): void => {
      for (let index = 0; index < count; index += 1) pubsub.publish({ topic: 't', event: String(index), payload: {} });
    };
    say(10);
    expect(waiting).toEqual([]);
    await waitFor(() => waiting.length === 1);
    say(5);
    say(5);
    waiting[0]!.done();
    await waitFor(() => waiting.length === 2);
    expect(waiting.map(({ packets }) => packets.join('').split('\n').length - 2)).toEqual([20, 20]);
    waiting[1]!.done(new Error('gone'));
    await waitFor(() => pubsub.lost === 10);
  });

  it('that takes nothing makes nobody wait and keeps memory bounded', async () => {
    const { waiting, pubsub } = slowLink();
    const payload = { text: 'x'.repeat(1_000_000) };
    for (let index = 0; index < 50; index += 1) pubsub.publish({ topic: 't', event: 'big', payload });
    await waitFor(() => waiting.length === 1);
    expect(pubsub.lost).toBe(50 - 16);
  });

  it('is spared what cannot be written; listeners here get it', async () => {
    const { pubsub } = slowLink();
    const got: unknown[] = [];
    pubsub.subscribe('t', ({ payload }) => got.push(payload));
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    pubsub.publish({ topic: 't', event: 'x', payload: cycle });
    expect([got.length, pubsub.lost]).toEqual([1, 1]);
  });
});

import { silentLog } from '@armoricore/shared/kernel';
import { inject } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { openPubSub } from '../../src/adapters/pubsub/open.ts';
import { pubsubConformance, type PubSubPair } from '../../src/engine/pubsub/conformance.ts';

async function pair(url: string): Promise<PubSubPair> {
  const options = { url, namespace: freshName(), log: silentLog };
  return { near: await openPubSub(options), far: await openPubSub(options) };
}

pubsubConformance('PostgreSQL', async () => {
  const database = await createTestDatabase();
  const { near, far } = await pair(database.url);
  let open = 2;
  const close = async (one: typeof near): Promise<void> => {
    await one.close?.();
    if ((open -= 1) === 0) await database.drop();
  };
  return { near: { ...near, close: () => close(near) }, far: { ...far, close: () => close(far) } };
});
pubsubConformance('Redis', () => pair(inject('redisUrl')));
pubsubConformance('NATS', () => pair(inject('natsUrl')));

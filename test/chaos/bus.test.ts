import { describe, expect, inject, it } from 'vitest';
import { createMemoryBroker, createMemoryBus } from '../../packages/shared/src/bus/index.ts';
import { openDatabase } from '../../packages/shared/src/db/index.ts';
import { silentLog } from '../../packages/shared/src/kernel/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { freshName } from '../support/services/fresh.ts';
import { startNats } from '../support/services/nats.ts';
import { startRabbit } from '../support/services/rabbitmq.ts';
import { startRedis } from '../support/services/redis.ts';
import { bringChaosToBus, countEffects, expectOneEffectEach, makeCauses } from './support/bus-chaos.ts';
import { createEffectsTable, effectSubscription, resultIdOf } from './support/effects.ts';
import { startOwnDatabase } from './support/servers.ts';
import { makeTrouble } from './support/trouble.ts';

const size = inject('chaosSize');
const BROKERS = { redis: () => startRedis({ settings: { appendfsync: 'always' } }), nats: startNats, rabbitmq: startRabbit };

describe('every event has one effect and one result while consumers are killed and the broker restarts', { timeout: 900_000 }, () => {
  it.each(Object.entries(BROKERS))('%s', async (_, start) => {
    const broker = await start();
    const database = await createTestDatabase();
    try {
      await bringChaosToBus({ ...size, databaseUrl: database.url, busUrl: broker.url, namespace: freshName(), restart: () => broker.restart() });
    } finally {
      await broker.stop();
      await database.drop();
    }
  });

  it('postgres', async () => {
    const database = await startOwnDatabase();
    try {
      await bringChaosToBus({ ...size, databaseUrl: database.url, busUrl: database.url, namespace: 'unused', restart: () => database.restart() });
    } finally {
      await database.stop();
    }
  });

  it('memory, whose consumers are cut off, as there are no processes', async () => {
    const broker = createMemoryBroker();
    const testDatabase = await createTestDatabase();
    const database = openDatabase(testDatabase.url, { max: 20, log: silentLog });
    const publisher = createMemoryBus({ broker });
    const buses = new Set([publisher]);
    const results = new Set<string>();
    const recruit = async (): Promise<void> => {
      const bus = createMemoryBus({ broker });
      buses.add(bus);
      crew.push(bus);
      await bus.subscribe(effectSubscription(bus, database.db));
    };
    const crew: typeof publisher[] = [];
    try {
      await createEffectsTable(database.db);
      await publisher.subscribe({ group: 'results', types: ['presence.update'], handler: async ({ event_id }) => void results.add(event_id) });
      for (let i = 0; i < 3; i++) await recruit();
      const causes = makeCauses(size.events);
      for (const cause of causes) await publisher.publish(cause);
      const kill = async (): Promise<void> => {
        crew.shift()!.disconnect();
        await recruit();
      };
      await makeTrouble({ progress: () => countEffects(database.db), total: size.events, kills: size.kills, kill });
      await expect.poll(() => results.size, { timeout: 30_000 }).toBe(size.events);
      await expectOneEffectEach(database.db, causes);
      expect([...results].toSorted()).toEqual(causes.map(resultIdOf).toSorted());
      await expect.poll(() => publisher.backlog('effects')).toBe(0);
      expect(broker.deadLetters).toEqual([]);
    } finally {
      for (const bus of buses) await bus.close();
      await database.stop();
      await testDatabase.drop();
    }
  });
});


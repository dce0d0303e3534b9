import { describe, inject, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { startRedis } from '../support/services/redis.ts';
import { bringChaosToFarm } from './support/farm-chaos.ts';
import { startOwnDatabase } from './support/servers.ts';

const size = inject('chaosSize');

describe('every job has one outcome while workers are killed and the server of the queues restarts', { timeout: 900_000 }, () => {
  it('on redis', async () => {
    const redis = await startRedis({ settings: { appendfsync: 'always' } });
    const database = await createTestDatabase();
    try {
      await bringChaosToFarm({ ...size, databaseUrl: database.url, redisUrl: redis.url, restart: () => redis.restart() });
    } finally {
      await redis.stop();
      await database.drop();
    }
  });

  it('on postgres', async () => {
    const database = await startOwnDatabase();
    try {
      await bringChaosToFarm({ ...size, databaseUrl: database.url, restart: () => database.restart() });
    } finally {
      await database.stop();
    }
  });
});

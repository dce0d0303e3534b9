import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRedis } from '../../../../test/support/services/redis.ts';
import type { Service } from '../../../../test/support/services/process.ts';
import { createFarmLab, type FarmLab } from '../support/farm.ts';
import { noting } from '../support/runs.ts';
import { workJob } from '../support/work-job.ts';

let redis: Service;
let lab: FarmLab;
beforeEach(async () => {
  redis = await startRedis({ settings: { appendfsync: 'always' } });
  lab = await createFarmLab('redis', { redisUrl: redis.url });
});
afterEach(async () => {
  await lab.close();
  await redis.stop();
});

test('while Redis is away an enqueue fails in time and says so; when it is back the farm goes on', async () => {
  const producer = await lab.start([]);
  const waiting = await lab.enqueue(producer);
  const { run, attempts } = noting();
  await redis.kill9();
  await expect(lab.enqueue(producer)).rejects.toMatchObject({ code: 'unavailable', details: { service: 'queue' } });
  await redis.start();
  await lab.start([workJob({ run })]);
  await lab.outcomes(waiting);
  await redis.restart();
  await lab.outcomes(await lab.enqueue(producer), 20_000);
  expect(attempts).toEqual([1, 1]);
});

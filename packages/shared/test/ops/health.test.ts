import { expect, it } from 'vitest';
import { createBreaker } from '../../src/kernel/index.ts';
import { checkHealth, healthReply } from '../../src/ops/index.ts';

it('is ok when every service that can be asked is ready', async () => {
  expect(await checkHealth([{ name: 'a', ready: async () => undefined }, { name: 'b', ready: () => undefined }, { name: 'silent' }])).toEqual({
    status: 'ok',
    checks: { a: { status: 'ok' }, b: { status: 'ok' } },
  });
});

it('names what is not ready and why, also what does not answer or throws at once', async () => {
  const report = await checkHealth(
    [
      { name: 'fine', ready: async () => undefined },
      { name: 'down', ready: async () => Promise.reject(new Error('refused')) },
      {
        name: 'broken',
        ready: () => {
          throw new Error('at once');
        },
      },
      { name: 'slow', ready: () => new Promise(() => undefined) },
    ],
    { timeoutMs: 20 },
  );
  expect(report).toEqual({
    status: 'unavailable',
    checks: {
      fine: { status: 'ok' },
      down: { status: 'unavailable', reason: 'refused' },
      broken: { status: 'unavailable', reason: 'at once' },
      slow: { status: 'unavailable', reason: 'no answer within 20 ms' },
    },
  });
});

it('is degraded, and still of use, when a service with a breaker does not answer or its breaker is open', async () => {
  const breaker = createBreaker('storage', { failures: 1 });
  let asked = 0;
  const services = [
    { name: 'database', ready: async () => undefined },
    {
      name: 'storage',
      ready: async () => {
        asked += 1;
        throw new Error('refused');
      },
    },
  ];
  expect(await checkHealth(services, { breakers: [breaker] })).toEqual({
    status: 'degraded',
    checks: { database: { status: 'ok' }, storage: { status: 'degraded', reason: 'refused' } },
  });
  await expect(breaker.execute(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
  const report = await checkHealth(services, { breakers: [breaker] });
  expect(report).toMatchObject({ status: 'degraded', checks: { storage: { status: 'degraded', reason: 'its breaker is open' } } });
  expect(asked).toBe(1);
  expect(healthReply(report)).toEqual({ code: 200, body: { status: 'degraded', checks: { database: { status: 'ok' }, storage: { status: 'degraded' } } } });
});

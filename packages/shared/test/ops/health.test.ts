import { expect, it } from 'vitest';
import { checkHealth } from '../../src/ops/index.ts';

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
    20,
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

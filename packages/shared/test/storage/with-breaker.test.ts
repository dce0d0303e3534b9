import { expect, it } from 'vitest';
import { createBreaker } from '../../src/kernel/index.ts';
import { withBreaker, type Storage } from '../../src/storage/index.ts';

it('a storage that fails is left alone for a while; its own readiness is still asked', async () => {
  let calls = 0;
  const broken = {
    async stat() {
      calls += 1;
      throw new Error('connection refused');
    },
    ready: async () => undefined,
    playbackUrl: (key: string) => `https://cdn.example/${key}`,
  } as unknown as Storage;
  const storage = withBreaker(broken, createBreaker('storage', { failures: 2, openMs: 60_000 }));
  for (let i = 0; i < 2; i++) await expect(storage.stat('a/b')).rejects.toThrow('connection refused');
  await expect(storage.stat('a/b')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(storage.list('a')).rejects.toMatchObject({ code: 'unavailable' });
  expect(calls).toBe(2);
  await storage.ready();
  expect(storage.playbackUrl('a/b', { public: true })).toBe('https://cdn.example/a/b');
});

import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { Storage } from '../port.ts';

const TEXT = { contentType: 'text/plain' };

/** The part of `storageConformance` about readers beside a writer, and writers beside each other. */
export function atomicityConformance(storageOf: () => Storage): void {
  it('lets a reader that began with the old object finish it', async () => {
    const old = Buffer.alloc(1_000_000, 'o');
    await storageOf().put('a/b', old, TEXT);
    const reader = await storageOf().get('a/b');
    await storageOf().put('a/b', Buffer.from('new'), { contentType: 'application/json' });
    expect(reader.contentType).toBe('text/plain');
    expect((await buffer(reader.body)).equals(old)).toBe(true);
  });

  it('ends concurrent puts of one key with one of them, never a mixture', async () => {
    const bodies = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => Buffer.alloc(300_000, letter));
    await Promise.all(bodies.map((body, i) => storageOf().put('a/b', body, { contentType: `text/v${i}` })));
    const { body, contentType } = await storageOf().get('a/b');
    const winner = bodies.findIndex((_, i) => contentType === `text/v${i}`);
    expect((await buffer(body)).equals(bodies[winner]!)).toBe(true);
  });

  it('shows readers a whole object at every moment while it is replaced', async () => {
    await storageOf().put('a/b', Buffer.alloc(50_000, 0), { contentType: 'text/v0' });
    let writing = true;
    const writer = (async () => {
      for (let i = 1; i <= 30; i++) await storageOf().put('a/b', Buffer.alloc(50_000 + i, i), { contentType: `text/v${i}` });
      writing = false;
    })();
    while (writing) {
      const { body, contentType, size } = await storageOf().get('a/b');
      const bytes = await buffer(body);
      const version = Number(contentType.slice('text/v'.length));
      expect([size, bytes.length]).toEqual([50_000 + version, 50_000 + version]);
      expect(bytes.every((byte) => byte === version)).toBe(true);
    }
    await writer;
  });
}

import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api.ts';
import type { UploadPart } from '../../src/videos/api.ts';
import { putParts, type PartsOptions } from '../../src/videos/parts.ts';

const FILE = new Blob([Array.from({ length: 103 }, (_, index) => String(index % 10)).join('')]);
const part = (number: number, version = 1): UploadPart => ({ number, size_bytes: 10, method: 'PUT', url: `/${number}?v=${version}`, headers: {} });
const MULTIPART = { part_size: 10, part_count: 11, parts: [1, 2, 3, 4].map((number) => part(number)) };

function server(refuse: (url: string, tries: number) => ApiError | undefined = () => undefined) {
  const stored = new Map<string, string>();
  const tries = new Map<string, number>();
  const asked: number[] = [];
  let under = 0;
  let most = 0;
  const options: PartsOptions = {
    signal: new AbortController().signal,
    waits: [0, 0],
    onSent: () => undefined,
    async put(blob, { url }, { signal, onSent }) {
      most = Math.max(most, (under += 1));
      tries.set(url, (tries.get(url) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      under -= 1;
      signal.throwIfAborted();
      onSent(Math.floor(blob.size / 2));
      const refused = refuse(url, tries.get(url)!);
      if (refused !== undefined) throw refused;
      stored.set(url.split('?')[0]!, await blob.text());
    },
    async ask(from) {
      asked.push(from);
      return [from, from + 1, from + 2].filter((number) => number <= 11).map((number) => part(number, 2));
    },
  };
  return { options, asked, tries, mostAtOnce: () => most, whole: () => Array.from({ length: 11 }, (_, index) => stored.get(`/${index + 1}`) ?? '').join('') };
}

describe('a large file', () => {
  it('goes in parts, three at a time, whose URLs are asked for as they are needed', async () => {
    const { options, whole, asked, mostAtOnce } = server();
    const told: number[] = [];
    await putParts(FILE, MULTIPART, { ...options, onSent: (bytes) => told.push(bytes) });
    expect(whole()).toBe(await FILE.text());
    expect(mostAtOnce()).toBe(3);
    expect(asked[0]).toBe(5);
    expect([told.at(-1), Math.max(...told)]).toEqual([103, 103]);
  });

  it('sends a part again that broke off, and no other', async () => {
    const { options, whole, tries } = server((url, count) => (url.startsWith('/2') && count < 3 ? new ApiError('upload_incomplete', '') : undefined));
    await putParts(FILE, MULTIPART, options);
    expect(whole()).toBe(await FILE.text());
    expect([tries.get('/2?v=1'), tries.get('/1?v=1')]).toEqual([3, 1]);
  });

  it('asks for another URL when one has expired', async () => {
    const { options, whole, asked } = server((url) => (url === '/3?v=1' ? new ApiError('url_expired', '') : undefined));
    await putParts(FILE, MULTIPART, options);
    expect(whole()).toBe(await FILE.text());
    expect(asked).toContain(3);
  });

  it('gives up on what cannot succeed, at once, and after some tries on what might', async () => {
    const closed = server((url) => (url.startsWith('/1?') ? new ApiError('upload_closed', '') : undefined));
    await expect(putParts(FILE, MULTIPART, closed.options)).rejects.toMatchObject({ reason: 'upload_closed' });
    expect(closed.tries.get('/1?v=1')).toBe(1);
    const away = server(() => new ApiError('unavailable', ''));
    await expect(putParts(FILE, MULTIPART, away.options)).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('stops when it is aborted', async () => {
    const controller = new AbortController();
    const { options, tries } = server((url) => {
      if (url.startsWith('/2')) controller.abort(new Error('changed my mind'));
      return undefined;
    });
    await expect(putParts(FILE, MULTIPART, { ...options, signal: controller.signal })).rejects.toThrow('changed my mind');
    expect(tries.size).toBeLessThan(11);
  });
});

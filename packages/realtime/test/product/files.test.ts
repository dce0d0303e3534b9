import { createFileSystemStorage } from '@armoricore/shared/storage/filesystem';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange } from '../../src/rest/files.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { hereOf } from '../support/uploads.ts';

let realtime: RealtimeUnderTest;
let url: string;
const SECRET = 'another-secret-of-the-tests-with-32-characters';

beforeAll(async () => {
  realtime = await startRealtime();
  const storage = createFileSystemStorage({ root: join(realtime.dataDir, 'objects'), secret: SECRET, publicUrl: 'http://localhost', playbackUrlTtlS: 60 });
  await storage.put('media/m1/hls/seg.m4s', Readable.from([Buffer.from('0123456789')]), { contentType: 'video/iso.segment', cacheControl: 'public, max-age=9' });
  await storage.put('media/m2/hls/seg.m4s', Buffer.from('other'), { contentType: 'video/iso.segment' });
  url = hereOf(realtime, storage.playbackUrl('media/m1/hls/seg.m4s', { public: true }));
});
afterAll(() => realtime.stop());

describe('media files', () => {
  it('come whole with type, length and cache headers, to any origin', async () => {
    const response = await fetch(url, { headers: { origin: 'https://app.example' } });
    expect(await response.text()).toBe('0123456789');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/iso.segment',
      'content-length': '10',
      'cache-control': 'public, max-age=9',
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    });
  });

  it('come by range', async () => {
    const response = await fetch(url, { headers: { range: 'bytes=2-4' } });
    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    const beyond = await fetch(url, { headers: { range: 'bytes=10-' } });
    expect([beyond.status, ((await beyond.json()) as { reason: string }).reason]).toEqual([416, 'range_not_satisfiable']);
  });

  it('answer HEAD and If-None-Match without a body', async () => {
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
    const again = await fetch(url, { headers: { 'if-none-match': head.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it("are for the holder of their folder's grant alone", async () => {
    const reason = async (target: string) => ((await (await fetch(target)).json()) as { reason: string }).reason;
    expect(await reason(url.replace('media/m1', 'media/m2'))).toBe('invalid_signature');
    expect(await reason(url.replace(/files\/[^/]+/, 'files/0-x'))).toBe('invalid_signature');
    expect(await reason(url.replace('seg.m4s', 'none.m4s'))).toBe('not_found');
    for (const path of ['media/m1/../m2/hls/seg.m4s', 'media/m1/%2e%2e/%2e%2e/.meta']) {
      expect(['not_found', 'invalid_signature', 'invalid_key']).toContain(await reason(url.replace('media/m1/hls/seg.m4s', path)));
    }
  });
});

describe('parseRange', () => {
  it.each([
    [undefined, null],
    ['bytes=0-', { start: 0, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=5-99', { start: 5, end: 9 }],
    ['bytes=5-4', null],
    ['bytes=0-1,3-4', null],
    ['items=0-1', null],
  ])('%s of ten bytes', (header, range) => {
    expect(parseRange(header, { size: 10 })).toEqual(range);
  });

  it.each(['bytes=10-', 'bytes=-0', 'bytes=99-100'])('%s cannot be had', (header) => {
    expect(() => parseRange(header, { size: 10 })).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }));
  });
});

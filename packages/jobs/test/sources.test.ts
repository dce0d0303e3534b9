import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSystemStorage } from '@armoricore/shared/storage/filesystem';
import type { Storage } from '@armoricore/shared/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSources, type SourceOptions } from '../src/media/fetch-source.ts';
import { startHttpsSource } from './support/https-source.ts';

const VIDEO = { contentType: 'video/mp4' };

let folder: string;
let storage: Storage;
let other: Storage;
const opened: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sources-'));
  const common = { secret: 'x'.repeat(32), publicUrl: 'http://host', playbackUrlTtlS: 60 };
  storage = createFileSystemStorage({ root: join(folder, 'own'), ...common });
  other = createFileSystemStorage({ root: join(folder, 'other'), ...common });
  opened.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const sources = (options: Partial<SourceOptions> = {}) =>
  createSources({
    storage,
    home: { bucket: 'own', prefix: 'media/' },
    buckets: ['other'],
    openBucket: async (bucket) => {
      opened.push(bucket);
      return other;
    },
    ...options,
  });
const fetched = async (filePath: string, options: Partial<SourceOptions> = {}, maxBytes = 100): Promise<string> => {
  const { refer, fetch } = sources(options);
  await fetch(refer(filePath), join(folder, 'file'), { maxBytes, signal: new AbortController().signal });
  return readFile(join(folder, 'file'), 'utf8');
};

describe('a source', () => {
  it('is an object of the storage, by its key or by the name of its bucket', async () => {
    await storage.put('uploads/1/source', Buffer.from('bytes'), VIDEO);
    expect(await fetched('file:///uploads/1/source')).toBe('bytes');
    expect(sources().refer('s3://own/media/uploads/1/source')).toBe('uploads/1/source');
    await rm(join(folder, 'file'));
    expect(await fetched('s3://own/media/uploads/1/source')).toBe('bytes');
    expect(opened).toEqual([]);
  });

  it('is an object of another bucket that is allowed', async () => {
    await other.put('incoming/clip.mp4', Buffer.from('from afar'), VIDEO);
    expect(sources().refer('s3://other/incoming/clip.mp4')).toBe('s3://other/incoming/clip.mp4');
    expect(await fetched('s3://other/incoming/clip.mp4')).toBe('from afar');
    expect(opened).toEqual(['other']);
  });

  it('is a file on the web', async () => {
    const web = await startHttpsSource((_request, response) => response.writeHead(200, { 'content-type': 'video/mp4' }).end('from the web'));
    try {
      expect(await fetched(web.url('/clip.mp4?sig=1'), { outside: web.outside })).toBe('from the web');
    } finally {
      await web.close();
    }
  });

  it.each([
    ['s3://own/elsewhere/clip.mp4', 'source_unsupported'],
    ['s3://unknown/clip.mp4', 'source_unsupported'],
    ['s3://key:secret@other/clip.mp4', 'source_unsupported'],
    ['s3://other/clip.mp4?versionId=1', 'source_unsupported'],
    ['s3://other:9000/clip.mp4', 'source_unsupported'],
    ['s3://other/..%2fown/clip.mp4', 'invalid_key'],
    ['s3://other/', 'invalid_key'],
    ['file:///etc/../../passwd%00', 'invalid_key'],
    ['file://host/etc/passwd', 'source_unsupported'],
    ['https://me@media.test/a', 'source_unsupported'],
    ['http://media.test/a', 'source_unsupported'],
    ['ftp://media.test/a', 'source_unsupported'],
    ['data:video/mp4;base64,AA', 'source_unsupported'],
    ['concat:a|b', 'source_unsupported'],
    ['', 'source_unsupported'],
  ])('is not %s', (filePath, code) => {
    expect(() => sources().refer(filePath)).toThrow(expect.objectContaining({ code }));
  });

  it('does not leave its bucket by dots', () => {
    expect(sources().refer('s3://other/../own/clip.mp4')).toBe('s3://other/own/clip.mp4');
  });

  it('is refused when it is missing, empty or too large, before a byte is copied', async () => {
    await storage.put('a/empty', new Uint8Array(), VIDEO);
    await storage.put('a/large', Buffer.alloc(101), VIDEO);
    await expect(fetched('file:///a/none')).rejects.toMatchObject({ code: 'source_not_found' });
    await expect(fetched('file:///a/empty')).rejects.toMatchObject({ code: 'empty_file' });
    await expect(fetched('file:///a/large')).rejects.toMatchObject({ code: 'upload_too_large', details: { bytes: 101, allowed_bytes: 100 } });
    await expect(readFile(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is on no bucket when the storage is none and no other is allowed', () => {
    expect(() => sources({ home: undefined, buckets: [] }).refer('s3://other/a')).toThrow(expect.objectContaining({ code: 'source_unsupported' }));
  });
});

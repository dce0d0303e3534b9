import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../src/outside/address.ts';
import { download, type DownloadOptions } from '../src/media/sources/download.ts';
import { startHttpsSource, type HttpsSource } from './support/https-source.ts';

const MOVIE = randomBytes(300_000);
const HEADERS = { 'content-type': 'video/mp4', etag: '"one"' };
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let source: HttpsSource;
let answer: Answer;
let folder: string;
let files = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'));
  source = await startHttpsSource((request, response) => answer(request, response));
});
afterEach(async () => {
  await source.close();
  await rm(folder, { recursive: true });
});

async function fetched(path = '/movie.mp4', options: Partial<DownloadOptions> & { host?: string } = {}): Promise<Buffer> {
  const file = join(folder, `file-${(files += 1)}`);
  const { host, ...rest } = options;
  await download(source.url(path, host), file, { maxBytes: 10_000_000, backoff: { baseMs: 1, maxMs: 5 }, signal: new AbortController().signal, ...source.outside, ...rest });
  return readFile(file);
}

const whole: Answer = (_request, response) => response.writeHead(200, { ...HEADERS, 'content-length': MOVIE.length }).end(MOVIE);
const status = (code: number, headers = {}): Answer => (_request, response) => response.writeHead(code, headers).end();
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Sends from where the client asks for, and cuts the connection after `bytes`. */
const cutAfter = (bytes: number, headers = HEADERS): Answer => (request, response) => {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = MOVIE.subarray(start);
  const range = start === 0 ? {} : { 'content-range': `bytes ${start}-${MOVIE.length - 1}/${MOVIE.length}` };
  response.writeHead(start === 0 ? 200 : 206, { ...headers, ...range, 'content-length': rest.length });
  if (rest.length <= bytes) response.end(rest);
  else response.write(rest.subarray(0, bytes), () => response.destroy());
};

describe('a download', () => {
  it('brings the bytes, without a name, a cookie or a compression', async () => {
    answer = whole;
    expect(digest(await fetched('/movie.mp4?token=abc'))).toBe(digest(MOVIE));
    expect(source.requests).toEqual([{ method: 'GET', url: '/movie.mp4?token=abc', headers: expect.objectContaining({ 'accept-encoding': 'identity' }) }]);
    expect(source.requests[0]!.headers).not.toHaveProperty('cookie');
  });

  it('follows three redirects, also to another host, and no fourth', async () => {
    answer = (request, response) => {
      const step = Number(request.url?.slice(1));
      if (step === 3) whole(request, response);
      else response.writeHead(302, { location: step === 1 ? source.url('/2', 'other.test') : `/${step + 1}` }).end();
    };
    expect(digest(await fetched('/0'))).toBe(digest(MOVIE));
    expect(source.requests.map(({ headers }) => headers.host?.split(':')[0])).toEqual(['media.test', 'media.test', 'other.test', 'other.test']);
    answer = status(301, { location: '/again' });
    await expect(fetched('/0')).rejects.toThrow();
  });

  it('goes on after a cut from where it was', async () => {
    answer = cutAfter(100_000);
    expect(digest(await fetched())).toBe(digest(MOVIE));
    const [first, ...others] = source.requests.map(({ headers }) => headers);
    expect(first).not.toHaveProperty('range');
    const starts = others.map((headers) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]));
    expect(starts.length).toBeGreaterThanOrEqual(2);
    expect(starts).toEqual(starts.toSorted((x, y) => x - y));
    expect(starts[0]).toBeGreaterThan(0);
    expect(others.every((headers) => headers['if-range'] === '"one"')).toBe(true);
  });

  it('begins again when the file is another one by now, or the server knows no ranges', async () => {
    let asked = 0;
    answer = (request, response) => ((asked += 1) === 1 ? cutAfter(100_000)(request, response) : whole(request, response));
    expect(digest(await fetched())).toBe(digest(MOVIE));
  });

  it('gives up when it is cut again and again', async () => {
    answer = (request, response) => cutAfter(10)(request, response);
    await expect(fetched()).rejects.toMatchObject({ code: 'unavailable' });
    expect(source.requests.length).toBe(11);
  });
});

describe('a download is refused', () => {
  it.each([
    ['http:', 'http://media.test/a'],
    ['a name and a password', 'https://me:secret@media.test/a'],
    ['no host', 'https:///'],
    ['ftp', 'ftp://media.test/a'],
  ])('for %s', async (_what, url) => {
    await expect(download(url, join(folder, 'x'), { maxBytes: 1, signal: new AbortController().signal })).rejects.toMatchObject({ code: 'source_unsupported' });
  });

  it.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '[::1]', '[::ffff:127.0.0.1]', '[fd00:ec2::254]', '2130706433', '0x7f.1', '0'])(
    'for the address %s, without a connection',
    async (host) => {
      answer = whole;
      const { outside } = source;
      await expect(fetched('/', { host, allow: isPublicAddress, resolve: outside.resolve })).rejects.toMatchObject({ code: 'source_refused' });
      expect(source.requests).toEqual([]);
    },
  );

  it('for a name that leads to a private address, be it one of several', async () => {
    answer = whole;
    for (const addresses of [['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::1'], []]) {
      const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      await expect(fetched('/', { allow: isPublicAddress, resolve })).rejects.toMatchObject({ code: 'source_refused' });
    }
    expect(source.requests).toEqual([]);
  });

  it('for a redirect into our own network, by address, by name or to http', async () => {
    const { allow, resolve } = source.outside;
    let lookups = 0;
    // The name that is asked for first is fine; what the redirect names is not, and neither is the same name when it is asked for again.
    const rebinding = { allow: (address: string) => allow(address) && lookups < 2, resolve: async (name: string) => ((lookups += 1), resolve(name)) };
    for (const [location, code] of [
      ['https://10.0.0.1/latest', 'source_refused'],
      [source.url('/2', '[::1]'), 'source_refused'],
      [source.url('/2', 'rebound.test'), 'source_refused'],
      ['http://media.test/2', 'source_unsupported'],
      ['file:///etc/passwd', 'source_unsupported'],
      ['https://user:word@media.test/', 'source_unsupported'],
    ] as const) {
      lookups = 0;
      source.requests.length = 0;
      answer = status(302, { location });
      await expect(fetched('/1', rebinding)).rejects.toMatchObject({ code });
      expect(source.requests.map(({ url }) => url)).toEqual(['/1']);
    }
  });

  it('for a name that leads elsewhere when the download goes on after a cut', async () => {
    let lookups = 0;
    const resolve = async () => [{ address: (lookups += 1) === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    answer = cutAfter(1_000);
    await expect(fetched('/', { resolve })).rejects.toMatchObject({ code: 'source_refused' });
    expect([lookups, source.requests.length]).toEqual([2, 1]);
  });

  it('for a certificate that nobody vouches for', async () => {
    answer = whole;
    const { ca: _ca, ...rest } = source.outside;
    const file = join(folder, 'file');
    await expect(download(source.url('/'), file, { maxBytes: 1_000, signal: new AbortController().signal, ...rest })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([
    [404, 'source_not_found', false],
    [410, 'source_not_found', false],
    [403, 'source_not_found', false],
    [304, 'source_not_found', false],
    [500, 'unavailable', true],
    [503, 'unavailable', true],
    [429, 'unavailable', true],
  ] as const)('for the status %i: %s', async (code, reason, retryable) => {
    answer = status(code);
    await expect(fetched()).rejects.toMatchObject({ code: reason, retryable });
  });

  it.each(['text/html; charset=utf-8', 'application/vnd.apple.mpegurl', 'audio/x-mpegurl', 'image/png', 'application/json'])('for the type %s', async (type) => {
    answer = status(200, { 'content-type': type });
    await expect(fetched()).rejects.toMatchObject({ code: 'not_media', class: 'permanent' });
  });

  it('for what is empty or compressed', async () => {
    answer = status(200, { 'content-type': 'video/mp4' });
    await expect(fetched()).rejects.toMatchObject({ code: 'empty_file' });
    answer = status(200, { 'content-type': 'video/mp4', 'content-encoding': 'gzip' });
    await expect(fetched()).rejects.toMatchObject({ code: 'source_unsupported' });
  });

  it('for too many bytes: those that are announced at once, those that never end as soon as they are over', async () => {
    answer = (_request, response) => response.writeHead(200, { ...HEADERS, 'content-length': 10_000_001 }).flushHeaders();
    await expect(fetched()).rejects.toMatchObject({ code: 'upload_too_large', details: { bytes: 10_000_001 } });
    let sent = 0;
    answer = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.writeHead(200, HEADERS).on('drain', more);
      more();
    };
    await expect(fetched()).rejects.toMatchObject({ code: 'upload_too_large' });
    expect(sent).toBeLessThan(40_000_000);
    expect((await readFile(join(folder, `file-${files}`))).length).toBeLessThanOrEqual(10_000_000);
  });

  it('for a body that drips, when its time is over', async () => {
    answer = (_request, response) => {
      response.writeHead(200, HEADERS);
      const drip = setInterval(() => response.write('.'), 10);
      response.once('close', () => clearInterval(drip));
    };
    await expect(fetched('/', { totalMs: 300 })).rejects.toMatchObject({ code: 'time_limit' });
  });

  it('for one that falls silent, before or within its body', async () => {
    answer = () => undefined;
    await expect(fetched('/', { idleMs: 100 })).rejects.toMatchObject({ code: 'unavailable' });
    answer = (request, response) => (request.headers.range === undefined ? response.writeHead(200, HEADERS).write('some') : status(503)(request, response));
    await expect(fetched('/', { idleMs: 100, totalMs: 30_000 })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('when it is aborted, with the reason', async () => {
    const controller = new AbortController();
    answer = () => controller.abort(new Error('the job was cancelled'));
    await expect(fetched('/', { signal: controller.signal })).rejects.toThrow('the job was cancelled');
  });
});

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::8a'])('takes %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.9.9.9', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.8'],
    ...['198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1', '2001:db8::1', '2001::1', '2002:7f00:1::'],
    ...['', 'localhost', '127.1', '8.8.8.8 '],
  ])('refuses %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

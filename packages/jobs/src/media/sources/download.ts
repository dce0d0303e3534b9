import { open, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, fullJitter, type Backoff } from '@armoricore/shared/kernel';
import { get, sourceUrl, type Outside } from './request.ts';

export interface DownloadOptions extends Outside {
  maxBytes: number;
  signal: AbortSignal;
  /** Longest download in all; default two hours. */
  totalMs?: number;
  /** Waits before going on after a cut. */
  backoff?: Backoff;
}

const TOTAL_MS = 2 * 3600 * 1000;
/** Cuts after which a download goes on, in all. */
const MAX_CUTS = 10;
const BACKOFF = { baseMs: 200, maxMs: 10_000 };
/** What may be a media file: pages, playlists and pictures are not even looked at. */
const MEDIA_TYPE = /^(video\/|audio\/(?!(x-)?mpegurl)|(application|binary)\/octet-stream|application\/(mp4|mxf|ogg|x-matroska))/i;
const TRY_AGAIN = new Set([408, 425, 429]);

/**
 * Downloads a file over https to one that does not exist yet. Where the connection is cut it goes on from there, if it is the
 * same file still.
 * @throws AppError `source_refused`, `source_unsupported`, `source_not_found`, `not_media`, `empty_file`, `upload_too_large`,
 *   `time_limit`, `unavailable`; the reason of the signal
 */
export async function download(source: string, file: string, options: DownloadOptions): Promise<void> {
  const { signal, totalMs = TOTAL_MS } = options;
  const url = sourceUrl(source);
  const late = AbortSignal.timeout(totalMs);
  const stop = AbortSignal.any([signal, late]);
  const target = await open(file, 'wx');
  try {
    await fetchInto(target, url, { ...options, signal: stop });
  } catch (error) {
    signal.throwIfAborted();
    throw late.aborted ? new AppError('time_limit', { limit_ms: totalMs }, { cause: error }) : error;
  } finally {
    await target.close();
  }
}

async function fetchInto(target: FileHandle, url: URL, options: DownloadOptions): Promise<void> {
  const { signal } = options;
  let [at, cuts] = [0, 0];
  let validator: string | undefined;
  for (;;) {
    let response: IncomingMessage | undefined;
    try {
      response = await get(url, at === 0 ? {} : rangeFrom(at, validator), options, signal);
      if (at > 0 && !continuesAt(response, at)) at = 0; // Another file by now, or a server without ranges: from the start.
      assertTakeable(response, at, options.maxBytes);
      validator = validatorOf(response);
      at = await append(target, response, at, options);
      if (at === 0) throw new AppError('empty_file');
      await target.truncate(at);
      return;
    } catch (error) {
      const away = at > 0 && error instanceof AppError && error.code === 'unavailable';
      if (signal.aborted || !(error instanceof Cut || away)) throw error;
      if (error instanceof Cut) at = error.at;
      cuts += 1;
      if (cuts > MAX_CUTS) throw new AppError('unavailable', { service: 'source' }, { cause: error });
      await delay(fullJitter(options.backoff ?? BACKOFF, cuts), undefined, { signal });
    } finally {
      response?.destroy();
    }
  }
}

/** The connection ended in the middle; `at` bytes are in the file. */
class Cut extends Error {
  readonly at: number;

  constructor(at: number, cause: unknown) {
    super('the connection was cut', { cause });
    this.at = at;
  }
}

async function append(target: FileHandle, response: IncomingMessage, from: number, { maxBytes, idleMs }: DownloadOptions): Promise<number> {
  let at = from;
  if (idleMs !== undefined) response.setTimeout(idleMs);
  response.once('timeout', () => response.destroy(new Error('nothing came for too long')));
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (at + chunk.length > maxBytes) throw new AppError('upload_too_large', { allowed_bytes: maxBytes });
      await target.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
    return at;
  } catch (error) {
    throw error instanceof AppError || isFull(error) ? error : new Cut(at, error);
  }
}

/** Errors of our own disk are no cuts. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'write' && 'code' in error && error.code !== 'EPIPE';
}

function rangeFrom(at: number, validator: string | undefined): Record<string, string> {
  return { range: `bytes=${at}-`, ...(validator === undefined ? {} : { 'if-range': validator }) };
}

/** What tells that a file is the same still (RFC 9110 §13.1.5): a weak ETag does not. */
function validatorOf({ headers }: IncomingMessage): string | undefined {
  return headers.etag?.startsWith('"') === true ? headers.etag : headers['last-modified'];
}

function continuesAt({ statusCode, headers }: IncomingMessage, at: number): boolean {
  return statusCode === 206 && headers['content-range']?.startsWith(`bytes ${at}-`) === true;
}

function assertTakeable({ statusCode = 0, headers }: IncomingMessage, at: number, maxBytes: number): void {
  if (statusCode >= 500 || TRY_AGAIN.has(statusCode)) throw new AppError('unavailable', { service: 'source', status: statusCode });
  if (statusCode !== (at === 0 ? 200 : 206)) throw new AppError('source_not_found', { status: statusCode });
  const type = headers['content-type'];
  if (type !== undefined && !MEDIA_TYPE.test(type)) throw new AppError('not_media', { content_type: type.slice(0, 128) });
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new AppError('source_unsupported', { content_encoding: encoding.slice(0, 32) });
  const bytes = at + Number(headers['content-length'] ?? 0);
  if (bytes > maxBytes) throw new AppError('upload_too_large', { bytes, allowed_bytes: maxBytes });
}

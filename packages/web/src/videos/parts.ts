import { ApiError } from '../api.ts';
import type { Multipart, PutRequest, UploadPart } from './api.ts';

export interface PartsOptions {
  put: (blob: Blob, request: PutRequest, options: { signal: AbortSignal; onSent: (bytes: number) => void }) => Promise<void>;
  /** What to send the parts with, from one of them on. */
  ask: (from: number) => Promise<UploadPart[]>;
  signal: AbortSignal;
  onSent: (bytes: number) => void;
  /** Waits before a part is sent again, in ms. */
  waits?: readonly number[];
}

/** Parts on their way at once. */
const LANES = 3;
/** A bad connection gets half a minute to come back. */
const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000];
/** A refusal that a fresh URL may cure; S3 names no reason that we know, but says 403. */
const STALE = new Set(['url_expired', 'internal']);

/** Refusals after which the same may succeed. */
const RETRYABLE = new Set(['network', 'upload_incomplete', 'unavailable', 'overloaded', 'rate_limited']);

/**
 * Sends a large file in parts, a few at a time. A part that breaks off is sent again; the others stay sent.
 * @throws ApiError of the part that failed for good; the signal's reason when it was aborted
 */
export async function putParts(file: Blob, { part_size, part_count, parts }: Multipart, options: PartsOptions): Promise<void> {
  const { put, ask, onSent, waits = WAITS_MS } = options;
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const requests = new Map(parts.map((part) => [part.number, part]));
  const sent = new Map<number, number>();
  let next = 1;

  async function requestFor(number: number): Promise<UploadPart> {
    if (!requests.has(number)) for (const part of await ask(number)) requests.set(part.number, part);
    const request = requests.get(number);
    if (request === undefined) throw new ApiError('internal', 'The server gave no URL for a part.');
    return request;
  }

  async function send(number: number): Promise<void> {
    const blob = file.slice((number - 1) * part_size, number * part_size);
    for (let tries = 0; ; tries++) {
      try {
        await put(blob, await requestFor(number), { signal, onSent: (bytes) => tell(number, bytes) });
        return tell(number, blob.size);
      } catch (error) {
        tell(number, 0);
        const wait = waits[tries];
        if (signal.aborted || wait === undefined || !(error instanceof ApiError)) throw error;
        if (STALE.has(error.reason)) requests.delete(number);
        else if (!RETRYABLE.has(error.reason)) throw error;
        await pause(wait, signal);
      }
    }
  }

  function tell(number: number, bytes: number): void {
    sent.set(number, bytes);
    onSent([...sent.values()].reduce((sum, each) => sum + each, 0));
  }

  async function lane(): Promise<void> {
    while (next <= part_count && !signal.aborted) await send(next++);
  }

  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } catch (error) {
    failure.abort(error);
    throw error;
  }
  options.signal.throwIfAborted();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}

import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { AppError } from '@armoricore/shared/kernel';
import { isPublicAddress } from '../../outside/address.ts';
import { guardedLookup, type Door } from '../../outside/lookup.ts';

export interface Outside extends Door {
  /** Certificates that are trusted instead of the system's. */
  ca?: string;
  /** Longest silence before and within an answer. */
  idleMs?: number;
}

const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const IDLE_MS = 30_000;

/**
 * An `https://` URL that may be asked for. @throws AppError `source_unsupported`
 */
export function sourceUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  const clean = url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hostname !== '';
  if (!clean) throw new AppError('source_unsupported', { allowed: 'https://host/path, without a name and a password' });
  return url;
}

/**
 * Asks for a file, following at most three redirects. Names are resolved here, and what they resolve to is checked before every
 * connection, so that no answer of a name server and no redirect leads into our own network.
 * @throws AppError `source_refused`, `source_unsupported`, `unavailable`; the reason of the signal
 */
export async function get(url: URL, headers: Record<string, string>, outside: Outside, signal: AbortSignal): Promise<IncomingMessage> {
  let at = url;
  for (let redirects = 0; ; redirects++) {
    const response = await getOnce(at, headers, outside, signal);
    if (!REDIRECTS.has(response.statusCode ?? 0)) return response;
    response.destroy();
    if (redirects === MAX_REDIRECTS) throw new AppError('source_refused', { why: `more than ${MAX_REDIRECTS} redirects` });
    at = sourceUrl(response.headers.location ?? '', at);
  }
}

function getOnce(url: URL, headers: Record<string, string>, outside: Outside, signal: AbortSignal): Promise<IncomingMessage> {
  const { allow = isPublicAddress, ca, idleMs = IDLE_MS } = outside;
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !allow(literal)) throw new AppError('source_refused'); // Node would not ask `lookup` for it.
  const guarded = guardedLookup(outside, () => new AppError('source_refused'));
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      headers: { 'user-agent': 'armoricore', accept: '*/*', 'accept-encoding': 'identity', ...headers },
      agent: false,
      lookup: guarded,
      signal,
      timeout: idleMs,
      ...(ca === undefined ? {} : { ca }),
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`nothing came for ${idleMs} ms`)));
    outgoing.once('error', (error) => reject(refusalOf(error, signal)));
    outgoing.once('response', (response) => {
      const peer = (response.socket as TLSSocket).remoteAddress ?? '';
      if (allow(peer)) return resolve(response);
      response.destroy();
      return reject(new AppError('source_refused'));
    });
    outgoing.end();
  });
}

function refusalOf(error: Error, signal: AbortSignal): unknown {
  if (error instanceof AppError) return error;
  if (signal.aborted) return signal.reason;
  return new AppError('unavailable', { service: 'source' }, { cause: error });
}

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Largest body of a POST, in bytes, as in Phoenix. */
const MAX_BODY_BYTES = 8_000_000;
/** How long a client may take to send a body, in ms. */
const BODY_TIMEOUT_MS = 60_000;

/** Plug's default. */
const NOT_CACHED = 'max-age=0, private, must-revalidate';

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** Answers as Phoenix does: HTTP 200 always, the real status in the JSON. */
export function respond(response: ServerResponse, body: { status: number; token?: string; messages?: string[] }): void {
  response
    .writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
    })
    .end(JSON.stringify(body));
}

/** The few answers that are not in the JSON of a poll. */
export function refuse(response: ServerResponse, status: number): void {
  const body = status === 500 ? '{"errors":{"detail":"Internal Server Error"}}' : '';
  const type = body === '' ? {} : { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...type, 'access-control-allow-origin': '*', 'cache-control': NOT_CACHED }).end(body);
}

/** The answer to a CORS preflight. */
export function preflight(request: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(200, {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
      'access-control-allow-methods': 'get, post, options',
      'access-control-max-age': '3600',
      'cache-control': NOT_CACHED,
    })
    .end();
}

/** @throws BodyTooLarge, or what the stream fails with; a client that takes too long is cut off */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) throw new BodyTooLarge();
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/**
 * The frames of a POST: lines when the type is exactly `application/x-ndjson` (each a text that starts with `[`, or the
 * base64 of a binary frame), else the whole body. Null when a line is not base64.
 */
export function splitBatch(body: Buffer, contentType: string | undefined): { data: Buffer; binary: boolean }[] | null {
  if (contentType !== 'application/x-ndjson') return [{ data: body, binary: false }];
  const lines = body.toString('utf8').split(/\r?\n/);
  const frames: { data: Buffer; binary: boolean }[] = [];
  for (const line of lines) {
    if (line === '' || line.startsWith('[')) frames.push({ data: Buffer.from(line), binary: false });
    else if (/^[A-Za-z0-9+/]+={0,2}$/.test(line) && line.length % 4 === 0) frames.push({ data: Buffer.from(line, 'base64'), binary: true });
    else return null;
  }
  return frames;
}

import type { RealtimeUnderTest } from './realtime.ts';

/** Reserves an upload and puts the bytes: what a client does before `complete`. */
export async function upload(
  realtime: RealtimeUnderTest,
  token: string,
  bytes: Uint8Array,
  options: { public?: boolean } = {},
  at = (url: string): string => hereOf(realtime, url),
): Promise<string> {
  const body = { filename: 'clip.mp4', size_bytes: bytes.length, content_type: 'video/mp4', ...options };
  const reserved = await realtime.call('POST', '/api/v1/media/uploads', { token, body });
  const { url, method, headers } = reserved.body.upload;
  const put = await fetch(at(url), { method, headers, body: Buffer.from(bytes) });
  if (!put.ok) throw new Error(`PUT answered ${put.status}: ${await put.text()}`);
  return reserved.body.media_id;
}

/** An URL of the product on the free port of the test. */
export function hereOf(realtime: RealtimeUnderTest, url: string): string {
  const { pathname, search } = new URL(url);
  return realtime.url + pathname + search;
}

import { extname } from 'node:path';
import { AppError } from '../kernel/index.ts';

const TYPES: Record<string, string> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
  '.m4a': 'audio/mp4',
  '.ts': 'video/mp2t',
  '.vtt': 'text/vtt',
  '.srt': 'application/x-subrip',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.json': 'application/json',
};

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}(; ?[a-z0-9-]+=[a-z0-9_.-]+){0,4}$/i;
/** Printable ASCII: what an HTTP header value may hold without quoting. */
const HEADER_TEXT = /^[\x20-\x7e]{1,256}$/;

/** The content type of a file that the pipelines make, by its ending. */
export function contentTypeOf(name: string): string {
  return TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * Content type (RFC 6838 §4.2, without quoted parameters) and cache control go out as headers: refused when they could
 * not be. @throws AppError `invalid_payload`
 */
export function assertHeaders({ contentType, cacheControl }: { contentType: string; cacheControl?: string }): void {
  const issues = [];
  if (!MEDIA_TYPE.test(contentType)) issues.push({ path: 'contentType', message: 'not a media type like video/mp4' });
  if (cacheControl !== undefined && !HEADER_TEXT.test(cacheControl)) issues.push({ path: 'cacheControl', message: 'not a header value' });
  if (issues.length > 0) throw new AppError('invalid_payload', { issues });
}

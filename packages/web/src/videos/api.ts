import { call } from '../api.ts';
import type { Media } from './media.ts';

/** What to send bytes with. */
export interface PutRequest {
  method: 'PUT';
  url: string;
  headers: Record<string, string>;
}

export interface UploadPart extends PutRequest {
  number: number;
  size_bytes: number;
}

/** Parts are `part_size` bytes long but the last; URLs of those that are not listed are asked for. */
export interface Multipart {
  part_size: number;
  part_count: number;
  parts: UploadPart[];
}

export interface UploadTicket {
  media_id: string;
  upload: PutRequest | { multipart: Multipart };
}

export async function createUpload(file: File, signal: AbortSignal): Promise<UploadTicket> {
  const [type] = file.type.split(';'); // Browsers add the codecs of some.
  const body = { filename: file.name, size_bytes: file.size, ...(type ? { content_type: type } : {}) };
  return call<UploadTicket>('POST', '/media/uploads', { body, signal });
}

/** What to send the parts of a large file with, from one of them on. */
export async function askParts(mediaId: string, from: number, signal: AbortSignal): Promise<UploadPart[]> {
  return (await call<{ parts: UploadPart[] }>('POST', `/media/${encodeURIComponent(mediaId)}/parts`, { body: { from }, signal })).parts;
}

/** Says that all bytes are there; the media job starts. */
export async function completeUpload(mediaId: string, signal: AbortSignal): Promise<Media> {
  return (await call<{ media: Media }>('POST', `/media/${encodeURIComponent(mediaId)}/complete`, { body: {}, signal })).media;
}

export async function getMedia(mediaId: string): Promise<Media> {
  return (await call<{ media: Media }>('GET', `/media/${encodeURIComponent(mediaId)}`)).media;
}

/** The caller's newest media. */
export async function listMedia(): Promise<Media[]> {
  return (await call<{ media: Media[] }>('GET', '/media')).media;
}

/** Has a media captioned that is ready. */
export async function requestCaptions(mediaId: string): Promise<void> {
  await call('POST', `/media/${encodeURIComponent(mediaId)}/captions`, { body: {} });
}

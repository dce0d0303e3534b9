import type { Media } from './media.ts';
import { renewSession, session } from './session.ts';

/** A refusal of the server, or `network` when it could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

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

interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
}

async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  let response = await send(method, path, options);
  if (response.status === 401 && (await renewSession())) response = await send(method, path, options);
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  return JSON.parse(text) as T;
}

async function send(method: string, path: string, { body, signal }: CallOptions): Promise<Response> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  if (session.value.state === 'signed_in') headers['authorization'] = `Bearer ${session.value.token}`;
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('network', 'The server could not be reached.');
  }
}

/** The error that an answer of status 4xx or 5xx stands for; also of answers that a proxy in between wrote. */
export function refusal(status: number, text: string): ApiError {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    if (typeof reason === 'string') return new ApiError(reason, typeof message === 'string' ? message : '');
  } catch {
    // Not JSON: not from our server.
  }
  if (status === 413) return new ApiError('upload_too_large', '');
  return new ApiError(status >= 500 ? 'unavailable' : 'internal', `The server answered with status ${status}.`);
}

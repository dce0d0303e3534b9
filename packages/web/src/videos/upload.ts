import { ApiError, refusal } from '../api.ts';
import { askParts, completeUpload, createUpload, type PutRequest } from './api.ts';
import type { Media } from './media.ts';
import { putParts } from './parts.ts';

export interface UploadOptions {
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

/**
 * Uploads a file and starts its media job.
 * @throws ApiError when it is refused or the connection breaks; the signal's reason when it was aborted.
 */
export async function uploadFile(file: File, { signal, onSent }: UploadOptions): Promise<Media> {
  if (file.size === 0) throw new ApiError('empty_file', '');
  const { media_id, upload } = await createUpload(file, signal);
  if ('multipart' in upload) {
    const ask = (from: number): ReturnType<typeof askParts> => askParts(media_id, from, signal);
    await putParts(file, upload.multipart, { put: putBlob, ask, signal, onSent });
  } else {
    await putBlob(file, upload, { signal, onSent });
  }
  return completeUpload(media_id, signal);
}

/** XMLHttpRequest, because fetch tells nothing about how far an upload is. */
function putBlob(blob: Blob, { method, url, headers }: PutRequest, { signal, onSent }: UploadOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    signal.addEventListener('abort', abort, { once: true });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(refusal(request.status, request.responseText));
    };
    request.onerror = () => reject(new ApiError('upload_incomplete', 'The connection broke during the upload.'));
    request.onabort = () => reject(signal.reason as Error);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    if (signal.aborted) reject(signal.reason as Error);
    else request.send(blob);
  });
}

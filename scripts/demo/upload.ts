import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import type { UploadTicket } from './api.ts';
import { DemoError, refusal } from './error.ts';

/** @throws DemoError when there is no such file, or it is nothing that can be uploaded */
export async function statFile(file: string): Promise<{ size: number }> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw new DemoError('file_not_found', `There is no file ${file}.`);
    throw new DemoError('file_unreadable', `The file ${file} cannot be read: ${error.message}.`);
  });
  if (found.isDirectory()) throw new DemoError('not_a_file', `${file} is a folder; name one video file.`);
  if (!found.isFile()) throw new DemoError('not_a_file', `${file} is not a regular file.`);
  if (found.size === 0) throw new DemoError('empty_file', 'The file is empty.');
  return { size: found.size };
}

interface UploadOptions {
  signal: AbortSignal;
  onSent: (bytes: number) => void;
}

/**
 * Streams a file to where the ticket says. By node:http, as a streamed fetch sends no content-length, which signed
 * uploads need.
 * @throws DemoError when it is refused or breaks
 */
export async function uploadFile(file: string, upload: UploadTicket['upload'], { signal, onSent }: UploadOptions): Promise<void> {
  const { size } = await statFile(file);
  const send = upload.url.startsWith('https:') ? httpsRequest : httpRequest;
  const headers = { ...upload.headers, 'content-length': size };
  const request = send(upload.url, { method: upload.method, headers, signal });
  const answer = answerOf(request);
  let sent = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      onSent(sent);
      done(null, chunk);
    },
  });
  // A server that refuses answers before it has read everything and hangs up: its answer says more than the broken pipe.
  const [piped, answered] = await Promise.allSettled([pipeline(createReadStream(file), counter, request, { signal }), answer]);
  signal.throwIfAborted();
  if (answered.status === 'fulfilled' && !answered.value.ok) throw refusal(answered.value.status, answered.value.body);
  const broken = [piped, answered].find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broke(broken.reason);
}

async function answerOf(request: ClientRequest): Promise<{ ok: boolean; status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve).once('error', reject);
  const response = await promise;
  const status = response.statusCode ?? 0;
  return { ok: status >= 200 && status < 300, status, body: await text(response) };
}

function broke(error: unknown): DemoError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return new DemoError('file_unreadable', `The file cannot be read: ${message}.`);
  return new DemoError('upload_incomplete', `The upload broke off: ${message}.`);
}

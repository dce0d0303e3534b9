import { AppError } from '@armoricore/shared/kernel';
import type { Storage, UrlSigner } from '@armoricore/shared/storage';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { MediaService } from '../domain/media.ts';

/** An upload that sends nothing for so long is given up, in ms. */
const IDLE_MS = 60_000;

export interface UploadDependencies {
  storage: Storage;
  signer: UrlSigner;
  media: MediaService;
}

/** `PUT /uploads/<key>?…`: the signed URL of the embedded storage. The body is streamed, never held in memory. */
export function uploadRoutes(app: FastifyInstance, { storage, signer, media }: UploadDependencies): void {
  // Whatever its type, the body stays a stream.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  app.put<{ Params: { '*': string } }>('/uploads/*', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
    const key = request.params['*'];
    const { maxBytes, contentType } = signer.verifyUpload(key, new URL(request.url, 'http://local').searchParams, new Date());
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > maxBytes) throw new AppError('upload_too_large', { size_bytes: announced, max_bytes: maxBytes });
    await media.assertUploadOpen(key);
    request.raw.socket.setTimeout(IDLE_MS);
    const { size } = await putWhole(storage, key, request.raw, { contentType, maxBytes });
    return reply.status(201).send({ size_bytes: size });
  });
}

async function putWhole(storage: Storage, key: string, body: IncomingMessage, options: { contentType: string; maxBytes: number }) {
  try {
    return await storage.put(key, body, options);
  } catch (error) {
    if (error instanceof AppError || body.complete) throw error;
    throw new AppError('upload_incomplete', {}, { cause: error });
  }
}

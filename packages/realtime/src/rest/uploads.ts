import { AppError } from '@armoricore/shared/kernel';
import { bytesOfPart, type Storage, type UrlSigner } from '@armoricore/shared/storage';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { UploadService } from '../domain/uploads.ts';
import type { RestApp } from './route.ts';

/** An upload that sends nothing for so long is given up, in ms. */
const IDLE_MS = 60_000;

export interface UploadDependencies {
  storage: Storage;
  signer: UrlSigner;
  uploads: UploadService;
}

/** `PUT /uploads/<key>?…`: the signed URLs of the embedded storage, for whole files and for parts. The body is streamed, never held in memory. */
export function uploadRoutes(app: RestApp, { storage, signer, uploads }: UploadDependencies): void {
  takeStreams(app);

  app.put(
    '/uploads/*',
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { access: 'public' },
      schema: {
        tags: ['media'],
        summary: 'Send the bytes of an upload, or of a part of it, to the embedded storage.',
        description: 'The URL comes from `POST /api/v1/media/uploads`, whole and signed.',
        params: z.object({ '*': z.string() }),
        consumes: 'application/octet-stream',
        response: { 201: z.object({ size_bytes: z.number().int() }) },
        errors: [
          'invalid_signature', 'url_expired', 'not_found', 'upload_closed', 'upload_expired', 'upload_too_large', 'upload_incomplete', 'insufficient_storage',
        ],
      },
    },
    async (request, reply) => {
      const key = request.params['*'];
      const query = new URL(request.url, 'http://local').searchParams;
      request.raw.socket.setTimeout(IDLE_MS);
      const size = await (query.has('part') ? putPart(key, query, request.raw) : putFile(key, query, request.raw));
      return reply.status(201).send({ size_bytes: size });
    },
  );

  async function putFile(key: string, query: URLSearchParams, body: IncomingMessage): Promise<number> {
    const { maxBytes, contentType } = signer.verifyUpload(key, query, new Date());
    const announced = Number(body.headers['content-length'] ?? 0);
    if (announced > maxBytes) throw new AppError('upload_too_large', { size_bytes: announced, max_bytes: maxBytes });
    await uploads.assertOpenKey(key);
    const { size } = await whole(body, storage.put(key, body, { contentType, maxBytes }));
    return size;
  }

  async function putPart(key: string, query: URLSearchParams, body: IncomingMessage): Promise<number> {
    const { upload, number } = signer.verifyPart(key, query, new Date());
    await uploads.assertOpenKey(key);
    const size = bytesOfPart(upload.size, number);
    await whole(body, storage.putPart(upload, number, body));
    return size;
  }
}

/** Whatever its type, a body stays a stream. */
export function takeStreams(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}

/** Tells a client that went away from a storage that fails. */
async function whole<T>(body: IncomingMessage, storing: Promise<T>): Promise<T> {
  try {
    return await storing;
  } catch (error) {
    if (error instanceof AppError || body.complete) throw error;
    throw new AppError('upload_incomplete', {}, { cause: error });
  }
}

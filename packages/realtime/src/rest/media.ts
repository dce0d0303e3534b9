import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { MediaService } from '../domain/media.ts';
import type { UploadService } from '../domain/uploads.ts';
import { actorOf, type Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

/** What a client tells of a file before it sends it. */
export const fileFields = {
  filename: z.string().min(1).max(255),
  content_type: z.string().max(128).regex(/^[\w.+-]+\/[\w.+-]+$/).default('application/octet-stream'),
};
const uploadSchema = z.strictObject({ ...fileFields, size_bytes: z.number().int().min(1), public: z.boolean().default(false) });
const partsSchema = z.strictObject({ from: z.number().int().min(1), count: z.number().int().min(1).max(100).default(20) });
const idSchema = z.object({ id: z.string().min(1).max(128) });

export interface MediaRoutes {
  media: MediaService;
  uploads: UploadService;
  authenticate: Authenticate;
}

/** Uploads and the state of media. */
export function mediaRoutes(app: FastifyInstance, { media, uploads, authenticate }: MediaRoutes): void {
  app.post('/media/uploads', async (request, reply) => {
    const identity = await authenticate(request);
    const { filename, size_bytes, content_type, public: isPublic } = parse(uploadSchema, request.body);
    const created = await uploads.create({ filename, sizeBytes: size_bytes, contentType: content_type, public: isPublic }, identity);
    return reply.status(201).send(created);
  });

  app.post('/media/:id/parts', async (request) => {
    const identity = await authenticate(request);
    const { id } = parse(idSchema, request.params);
    return { parts: await uploads.parts(id, parse(partsSchema, request.body), identity) };
  });

  app.post('/media/:id/complete', async (request, reply) => {
    const identity = await authenticate(request);
    const { id } = parse(idSchema, request.params);
    await uploads.complete(id, identity);
    return reply.status(202).send({ media: await media.get(id, identity) });
  });

  app.get('/media', async (request) => ({ media: await media.list(await authenticate(request)) }));

  app.get('/media/:id', async (request) => {
    const identity = await authenticate(request);
    return { media: await media.get(parse(idSchema, request.params).id, identity) };
  });

  app.delete('/media/:id', async (request, reply) => {
    const identity = await authenticate(request);
    await uploads.remove(parse(idSchema, request.params).id, identity, actorOf(identity, request));
    return reply.status(204).send();
  });
}

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { MediaService } from '../domain/media.ts';
import type { Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

const uploadSchema = z.strictObject({
  filename: z.string().min(1).max(255),
  size_bytes: z.number().int().min(1),
  content_type: z.string().max(128).regex(/^[\w.+-]+\/[\w.+-]+$/).default('application/octet-stream'),
  public: z.boolean().default(false),
});
const idSchema = z.object({ id: z.string().min(1).max(128) });

/** Uploads and the state of media. */
export function mediaRoutes(app: FastifyInstance, { media, authenticate }: { media: MediaService; authenticate: Authenticate }): void {
  app.post('/media/uploads', async (request, reply) => {
    const identity = await authenticate(request);
    const { filename, size_bytes, content_type, public: isPublic } = parse(uploadSchema, request.body);
    const created = await media.createUpload({ filename, sizeBytes: size_bytes, contentType: content_type, public: isPublic }, identity);
    return reply.status(201).send(created);
  });

  app.post('/media/:id/complete', async (request, reply) => {
    const identity = await authenticate(request);
    return reply.status(202).send({ media: await media.complete(parse(idSchema, request.params).id, identity) });
  });

  app.get('/media', async (request) => ({ media: await media.list(await authenticate(request)) }));

  app.get('/media/:id', async (request) => {
    const identity = await authenticate(request);
    return { media: await media.get(parse(idSchema, request.params).id, identity) };
  });
}

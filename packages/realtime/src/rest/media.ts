import { z } from 'zod';
import { mediaView } from '../contracts/media.ts';
import { plainText } from '../contracts/text.ts';
import type { MediaService } from '../domain/media.ts';
import type { UploadService } from '../domain/uploads.ts';
import { actorOf } from './authenticate.ts';
import { nothing, type RestApp } from './route.ts';

const tags = ['media'] as const;
const params = z.object({ id: plainText(128) });

/** What a client tells of a file before it sends it. */
export const fileFields = {
  filename: plainText(255),
  content_type: z.string().max(128).regex(/^[\w.+-]+\/[\w.+-]+$/).default('application/octet-stream'),
};

const requestFields = { method: z.literal('PUT'), url: z.url(), headers: z.record(z.string(), z.string()), expires_at: z.iso.datetime() };
const uploadPart = z.object({ number: z.number().int(), size_bytes: z.number().int(), ...requestFields }).meta({ id: 'UploadPart' });
const uploadTarget = z
  .union([
    z.object(requestFields).describe('Send exactly `size_bytes` bytes with these headers.'),
    z.object({
      multipart: z.object({
        part_size: z.number().int().describe('Of every part but the last, in bytes.'),
        part_count: z.number().int(),
        parts: z.array(uploadPart).describe('The first of them; ask for more at `/media/{id}/parts`.'),
        expires_at: z.iso.datetime(),
      }),
    }),
  ])
  .meta({ id: 'UploadTarget', description: 'Where the bytes go: with one request up to 100 MB, in parts above.' });
const oneMedia = z.object({ media: mediaView });

export interface MediaRoutes {
  media: MediaService;
  uploads: UploadService;
}

/** Uploads and the state of media. */
export function mediaRoutes(app: RestApp, { media, uploads }: MediaRoutes): void {
  app.post(
    '/media/uploads',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'Begin an upload.',
        body: z.strictObject({ ...fileFields, size_bytes: z.number().int().min(1), public: z.boolean().default(false) }),
        response: { 201: z.object({ media_id: z.uuid(), upload: uploadTarget }) },
        errors: ['upload_too_large', 'too_many_uploads', 'quota_exceeded'],
      },
    },
    async (request, reply) => {
      const { filename, size_bytes, content_type, public: isPublic } = request.body;
      const created = await uploads.create({ filename, sizeBytes: size_bytes, contentType: content_type, public: isPublic }, request.identity);
      return reply.status(201).send(created);
    },
  );

  app.post(
    '/media/:id/parts',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'Get the URLs of further parts of an upload.',
        params,
        body: z.strictObject({ from: z.number().int().min(1), count: z.number().int().min(1).max(100).default(20) }),
        response: { 200: z.object({ parts: z.array(uploadPart) }) },
        errors: ['not_found', 'upload_closed', 'upload_expired'],
      },
    },
    async (request) => ({ parts: await uploads.parts(request.params.id, request.body, request.identity) }),
  );

  app.post(
    '/media/:id/complete',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'Say that all bytes are there.',
        description: 'Looks at what the storage holds, and starts the work on it. Again: the same, nothing happens twice.',
        params,
        response: { 202: oneMedia },
        errors: ['not_found', 'upload_missing', 'upload_incomplete', 'upload_size_mismatch', 'empty_file', 'upload_expired'],
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await uploads.complete(id, request.identity);
      return reply.status(202).send({ media: await media.get(id, request.identity) });
    },
  );

  app.get(
    '/media',
    {
      config: { access: 'token' },
      schema: { tags, summary: "List the caller's newest 20 media.", response: { 200: z.object({ media: z.array(mediaView) }) } },
    },
    async (request) => ({ media: await media.list(request.identity) }),
  );

  app.get(
    '/media/:id',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'The state of a media.',
        description: 'For its owner and admins; for others when it is public and ready.',
        params,
        response: { 200: oneMedia },
        errors: ['not_found'],
      },
    },
    async (request) => ({ media: await media.get(request.params.id, request.identity) }),
  );

  app.delete(
    '/media/:id',
    {
      config: { access: 'token' },
      schema: { tags, summary: 'Remove a media: its job, its files and its row.', params, response: { 204: nothing }, errors: ['not_found'] },
    },
    async (request, reply) => {
      await uploads.remove(request.params.id, request.identity, actorOf(request.identity, request));
      return reply.status(204).send();
    },
  );
}

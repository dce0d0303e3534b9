import { AppError, describeError, type Log } from '@armoricore/shared/kernel';
import type { ResumableUploads } from '@armoricore/shared/storage';
import { Metadata, Server, type Locker } from '@tus/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Identity } from '../auth/identity.ts';
import type { UploadService } from '../domain/uploads.ts';
import { actorOf } from './authenticate.ts';
import { fileFields } from './media.ts';
import { parse } from './parse.ts';
import { nothing, type RestApp } from './route.ts';
import { takeStreams } from './uploads.ts';

const PATH = '/uploads/tus';
/** A request that sends nothing for so long is given up, in ms; its client goes on from there. */
const IDLE_MS = 30_000;
const HEADERS = { 'tus-resumable': '1.0.0', 'cache-control': 'no-store', 'access-control-allow-origin': '*' };
const EXPOSED = 'Location, Upload-Offset, Upload-Length, Upload-Expires, Tus-Resumable';

const tags = ['media'] as const;
const version = z.string().optional().describe('`1.0.0`');
const creation = z.looseObject({
  'tus-resumable': version,
  'upload-length': z.coerce.number().int().min(1),
  'upload-metadata': z.string().optional().describe('Pairs of a name and a base64 value: `filename`, and optionally `filetype` and `public`.'),
});
const metadataSchema = z.object({
  filename: fileFields.filename,
  filetype: fileFields.content_type,
  public: z.enum(['true', 'false']).default('false'),
});
const params = z.object({ id: z.uuid() });

export interface TusDependencies {
  uploads: UploadService;
  resumable: ResumableUploads;
  uploadLocks: Locker;
  log: Log;
}

/** What a request is about, for the hooks of the protocol's server, which gets no more than the request. */
interface Purpose {
  mediaId: string;
  key: string;
  contentType: string;
  identity: Identity;
}

/**
 * Resumable uploads for bad networks: the protocol tus 1.0 at `/uploads/tus`. `POST` makes a media and answers where it goes, as
 * `Location: /uploads/tus/<media_id>`; the last byte completes it. Every request needs a token of its owner.
 */
export function tusRoutes(app: RestApp, { uploads, resumable, uploadLocks, log }: TusDependencies): void {
  takeStreams(app);
  const purposes = new WeakMap<IncomingMessage, Purpose>();
  const purposeOf = ({ runtime }: { runtime?: { node?: { req: unknown } | undefined } | undefined }): Purpose => {
    const purpose = purposes.get(runtime?.node?.req as IncomingMessage);
    if (purpose === undefined) throw new AppError('not_found');
    return purpose;
  };
  const server = new Server({
    path: PATH,
    datastore: resumable.store,
    locker: uploadLocks,
    namingFunction: (request) => resumable.idOf(purposeOf(request).key),
    getFileIdFromRequest: (request) => resumable.idOf(purposeOf(request).key),
    generateUrl: (request) => `${PATH}/${purposeOf(request).mediaId}`,
    onUploadCreate: async (request, upload) => ({ metadata: { ...upload.metadata, contentType: purposeOf(request).contentType } }),
    async onUploadFinish(request) {
      const { mediaId, identity } = purposeOf(request);
      await uploads.complete(mediaId, identity);
      return {};
    },
    onResponseError(_request, error) {
      if ('status_code' in error) return undefined;
      const refusal = error instanceof AppError ? error : new AppError('internal', {}, { cause: error });
      if (refusal.status >= 500) log.error({ path: PATH, reason: describeError(refusal) }, 'request failed');
      return { status_code: refusal.status, body: JSON.stringify(refusal) };
    },
  });

  async function serve(request: FastifyRequest, reply: FastifyReply, purpose: Purpose | undefined): Promise<void> {
    if (purpose !== undefined) purposes.set(request.raw, purpose);
    request.raw.socket.setTimeout(IDLE_MS);
    reply.hijack();
    await server.handle(request.raw, reply.raw);
  }

  /** The upload that a request is about. @throws AppError `not_found`, `upload_expired` */
  async function find({ params: { id: mediaId }, identity }: FastifyRequest<{ Params: z.infer<typeof params> }>): Promise<Purpose & { size: number; open: boolean }> {
    return { mediaId, identity, contentType: '', ...(await uploads.find(mediaId, identity)) };
  }

  // For refusals, which do not come from the server of the protocol.
  app.addHook('onRequest', async (_request, reply) => void reply.headers({ ...HEADERS, 'access-control-expose-headers': EXPOSED }));

  app.options(PATH, (request, reply) => serve(request, reply, undefined));
  app.options(`${PATH}/:id`, (request, reply) => serve(request, reply, undefined));

  app.post(
    PATH,
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'Begin a resumable upload (tus 1.0).',
        description: 'The last segment of `Location` is the `media_id`. The last byte completes the media by itself.',
        headers: creation,
        response: { 201: nothing },
        errors: ['upload_too_large', 'too_many_uploads', 'quota_exceeded'],
      },
    },
    async (request, reply) => {
      const { identity } = request;
      const { 'upload-length': sizeBytes, 'upload-metadata': metadata } = request.headers;
      const { filename, filetype, public: isPublic } = parse(metadataSchema, metadataOf(metadata));
      const file = { filename, sizeBytes, contentType: filetype, public: isPublic === 'true' };
      const { id: mediaId, sourceKey: key } = await uploads.reserve(file, identity);
      await serve(request, reply, { mediaId, key, contentType: filetype, identity });
      // Nobody was told of it: it need not wait until its time is over.
      if (reply.raw.statusCode >= 400) await uploads.remove(mediaId, identity, actorOf(identity, request));
    },
  );

  app.head(
    `${PATH}/:id`,
    {
      config: { access: 'token' },
      schema: { tags, summary: 'How far a resumable upload is.', params, response: { 200: nothing }, errors: ['not_found', 'upload_expired'] },
    },
    async (request, reply) => {
      const upload = await find(request);
      if (upload.open) return serve(request, reply, upload);
      // Complete, and its bytes are elsewhere: what a client asks whose last answer was lost.
      return reply.headers({ 'upload-offset': upload.size, 'upload-length': upload.size }).status(200).send();
    },
  );

  app.patch(
    `${PATH}/:id`,
    {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'Go on with a resumable upload.',
        params,
        headers: z.looseObject({ 'tus-resumable': version, 'upload-offset': z.string().optional().describe('Where these bytes begin.') }),
        consumes: 'application/offset+octet-stream',
        response: { 204: nothing },
        errors: ['not_found', 'upload_closed', 'upload_expired', 'upload_incomplete', 'insufficient_storage'],
      },
    },
    async (request, reply) => {
      const upload = await find(request);
      if (!upload.open) throw new AppError('upload_closed');
      return serve(request, reply, upload);
    },
  );

  app.delete(
    `${PATH}/:id`,
    {
      config: { access: 'token' },
      schema: { tags, summary: 'Give a resumable upload up.', params, response: { 204: nothing }, errors: ['not_found', 'upload_closed', 'upload_expired'] },
    },
    async (request, reply) => {
      const { open, mediaId, identity } = await find(request);
      if (!open) throw new AppError('upload_closed');
      await uploads.remove(mediaId, identity, actorOf(identity, request));
      return reply.status(204).send();
    },
  );
}

function metadataOf(header: string | undefined): Record<string, string | null> {
  try {
    return Metadata.parse(header);
  } catch (cause) {
    throw new AppError('invalid_payload', { issues: [{ path: 'upload-metadata', message: 'not pairs of a name and a base64 value' }] }, { cause });
  }
}

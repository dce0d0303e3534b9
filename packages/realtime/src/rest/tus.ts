import { AppError, describeError, type Log } from '@armoricore/shared/kernel';
import type { ResumableUploads } from '@armoricore/shared/storage';
import { Metadata, Server, type Locker } from '@tus/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Identity } from '../auth/identity.ts';
import type { UploadService } from '../domain/uploads.ts';
import { actorOf, type Authenticate } from './authenticate.ts';
import { fileFields } from './media.ts';
import { parse } from './parse.ts';
import { takeStreams } from './uploads.ts';

const PATH = '/uploads/tus';
/** A request that sends nothing for so long is given up, in ms; its client goes on from there. */
const IDLE_MS = 30_000;
const HEADERS = { 'tus-resumable': '1.0.0', 'cache-control': 'no-store', 'access-control-allow-origin': '*' };
const EXPOSED = 'Location, Upload-Offset, Upload-Length, Upload-Expires, Tus-Resumable';

const lengthSchema = z.object({ 'upload-length': z.coerce.number().int().min(1) });
const metadataSchema = z.object({
  filename: fileFields.filename,
  filetype: fileFields.content_type,
  public: z.enum(['true', 'false']).default('false'),
});
const idSchema = z.object({ id: z.uuid() });

export interface TusDependencies {
  uploads: UploadService;
  resumable: ResumableUploads;
  uploadLocks: Locker;
  authenticate: Authenticate;
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
export function tusRoutes(app: FastifyInstance, { uploads, resumable, uploadLocks, authenticate, log }: TusDependencies): void {
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
  async function find(request: FastifyRequest): Promise<Purpose & { size: number; open: boolean }> {
    const identity = await authenticate(request);
    const { id: mediaId } = parse(idSchema, request.params);
    return { mediaId, identity, contentType: '', ...(await uploads.find(mediaId, identity)) };
  }

  // For refusals, which do not come from the server of the protocol.
  app.addHook('onRequest', async (_request, reply) => void reply.headers({ ...HEADERS, 'access-control-expose-headers': EXPOSED }));

  app.options(PATH, (request, reply) => serve(request, reply, undefined));
  app.options(`${PATH}/:id`, (request, reply) => serve(request, reply, undefined));

  app.post(PATH, { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
    const identity = await authenticate(request);
    const { 'upload-length': sizeBytes } = parse(lengthSchema, request.headers);
    const { filename, filetype, public: isPublic } = parse(metadataSchema, metadataOf(request.headers['upload-metadata']));
    const file = { filename, sizeBytes, contentType: filetype, public: isPublic === 'true' };
    const { id: mediaId, sourceKey: key } = await uploads.reserve(file, identity);
    await serve(request, reply, { mediaId, key, contentType: filetype, identity });
    // Nobody was told of it: it need not wait until its time is over.
    if (reply.raw.statusCode >= 400) await uploads.remove(mediaId, identity, actorOf(identity, request));
  });

  app.head(`${PATH}/:id`, async (request, reply) => {
    const upload = await find(request);
    if (upload.open) return serve(request, reply, upload);
    // Complete, and its bytes are elsewhere: what a client asks whose last answer was lost.
    return reply.headers({ 'upload-offset': upload.size, 'upload-length': upload.size }).status(200).send();
  });

  app.patch(`${PATH}/:id`, { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
    const upload = await find(request);
    if (!upload.open) throw new AppError('upload_closed');
    return serve(request, reply, upload);
  });

  app.delete(`${PATH}/:id`, async (request, reply) => {
    const { open, mediaId, identity } = await find(request);
    if (!open) throw new AppError('upload_closed');
    await uploads.remove(mediaId, identity, actorOf(identity, request));
    return reply.status(204).send();
  });
}

function metadataOf(header: string | string[] | undefined): Record<string, string | null> {
  try {
    return Metadata.parse(typeof header === 'string' ? header : undefined);
  } catch (cause) {
    throw new AppError('invalid_payload', { issues: [{ path: 'upload-metadata', message: 'not pairs of a name and a base64 value' }] }, { cause });
  }
}

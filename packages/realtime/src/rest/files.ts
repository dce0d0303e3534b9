import { AppError } from '@armoricore/shared/kernel';
import type { ByteRange, Storage, StoredObject, UrlSigner } from '@armoricore/shared/storage';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { nothing, type RestApp } from './route.ts';

/** `GET /files/<grant>/<key>`: media files for players, with ranges (RFC 9110 §14), for whoever holds the signed URL. */
export function fileRoutes(app: RestApp, { storage, signer }: { storage: Storage; signer: UrlSigner }): void {
  app.get(
    '/files/:grant/*',
    {
      exposeHeadRoute: true,
      config: { access: 'public' },
      schema: {
        tags: ['media'],
        summary: 'A file of a media.',
        description: 'The URL comes with the media; a playlist names others relative to itself.',
        params: z.object({ grant: z.string(), '*': z.string() }),
        headers: z.looseObject({ range: z.string().optional().describe('`bytes=<first>-<last>`'), 'if-none-match': z.string().optional() }),
        response: { 200: z.instanceof(Readable), 206: z.instanceof(Readable), 304: nothing },
        produces: 'application/octet-stream',
        errors: ['invalid_signature', 'url_expired', 'not_found', 'range_not_satisfiable'],
      },
    },
    async (request, reply) => {
      const { grant, '*': key } = request.params;
      signer.verifyGrant(grant, key, new Date());
      const object = await storage.stat(key);
      if (object === null) throw new AppError('not_found', { key });

      void reply.headers({
        'accept-ranges': 'bytes',
        'content-type': object.contentType,
        'cache-control': object.cacheControl ?? 'private, max-age=60',
        'x-content-type-options': 'nosniff',
        etag: object.etag,
        'last-modified': object.modifiedAt.toUTCString(),
      });
      if (request.headers['if-none-match'] === object.etag) return reply.status(304).send();

      const range = parseRange(request.headers.range, object);
      const length = range === null ? object.size : range.end - range.start + 1;
      void reply.header('content-length', length);
      if (range !== null) void reply.status(206).header('content-range', `bytes ${range.start}-${range.end}/${object.size}`);
      // An empty stream: for an empty body Fastify would set the length to 0.
      if (request.method === 'HEAD') return reply.send(Readable.from([]));
      const { body } = await storage.get(key, range ?? undefined);
      return reply.send(body);
    },
  );
}

/**
 * The one byte range that a request asks for; null for the whole object, also when the header is one that RFC 9110 lets
 * a server ignore (several ranges, another unit). @throws AppError `range_not_satisfiable`
 */
export function parseRange(header: string | undefined, { size }: Pick<StoredObject, 'size'>): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return null;
  if (start >= size || (first === '' && Number(last) === 0)) throw new AppError('range_not_satisfiable', { size });
  return { start, end };
}

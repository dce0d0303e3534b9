import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { resolve } from 'node:path';

/** Nothing but our own files runs; media may come from a CDN, the API may be another host. hls.js makes empty captions tracks of `data:`. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data: blob: http: https:",
  "media-src 'self' data: blob: http: https:",
  "connect-src 'self' ws: wss: http: https:",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The built page at `/`. Hashed assets are cached for good, the page itself is asked for anew. */
export async function pageRoutes(app: FastifyInstance, { webDir }: { webDir: string }): Promise<void> {
  await app.register(fastifyStatic, {
    root: resolve(webDir),
    cacheControl: false,
    setHeaders: (reply, path) => {
      void reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
      void reply.header('x-content-type-options', 'nosniff');
      void reply.header('referrer-policy', 'no-referrer');
      void reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

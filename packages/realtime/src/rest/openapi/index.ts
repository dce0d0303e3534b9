import type { FastifyInstance, RouteOptions } from 'fastify';
import type { DocumentedRoute } from './document.ts';
import { docsPage } from './page.ts';

/**
 * `GET /api/openapi.json`: the document of all routes that are added after this and have a summary, and `GET /api/docs`, which
 * shows it. The document is made when it is asked for first.
 */
export async function openapiRoutes(app: FastifyInstance): Promise<void> {
  const routes: DocumentedRoute[] = [];
  let document: Promise<string> | undefined;
  app.addHook('onRoute', (route) => {
    assertDeclared(route);
    const { method, url, schema, config } = route;
    if (schema?.summary !== undefined) for (const one of [method].flat()) routes.push({ method: one, url, schema, access: config?.access ?? 'public' });
  });

  async function write(): Promise<string> {
    const { createApiDocument } = await import('./document.ts');
    return JSON.stringify(createApiDocument(routes));
  }

  app.get('/api/openapi.json', async (_request, reply) => {
    document ??= write();
    // Other hosts' viewers and generators may read it, too.
    return reply
      .headers({ 'access-control-allow-origin': '*', 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' })
      .type('application/json; charset=utf-8')
      .send(await document);
  });
  await app.register(docsPage, { prefix: '/api/docs' });
}

/** No route of the API is open or unknown because its declaration was forgotten: the server does not start with it. */
function assertDeclared({ method, url, schema, config }: RouteOptions): void {
  if (!url.startsWith('/api/v1/') || method === 'OPTIONS') return;
  const parts = { access: config?.access, tags: schema?.tags, summary: schema?.summary, response: schema?.response };
  const missing = Object.entries(parts).flatMap(([name, part]) => (part === undefined ? [name] : []));
  if (missing.length > 0) throw new Error(`${String(method)} ${url} does not declare its ${missing.join(', ')}`);
}

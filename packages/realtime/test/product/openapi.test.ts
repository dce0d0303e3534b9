import { createEvent } from '@armoricore/shared/events';
import { AppError, ERRORS, newId, silentLog } from '@armoricore/shared/kernel';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../../../../test/support/browser.ts';
import { createAuthenticate, useAccess } from '../../src/rest/authenticate.ts';
import { useErrorReplies } from '../../src/rest/errors.ts';
import { openapiRoutes } from '../../src/rest/openapi/index.ts';
import { useSchemas } from '../../src/rest/route.ts';
import { bodySchemaOf, callAsDocumented, operationsOf, resolve, responseOf, type ApiDocument, type JsonSchema, type Operation } from '../support/openapi.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { hereOf } from '../support/uploads.ts';

const ALL_ROLES = ['admin', 'service', 'viewer'];

let realtime: RealtimeUnderTest;
let document: ApiDocument;
let operations: Operation[];
let mighty: string;
let nobody: string;

beforeAll(async () => {
  realtime = await startRealtime({ NODE_ENV: 'development' });
  document = (await realtime.call('GET', '/api/openapi.json')).body as ApiDocument;
  operations = operationsOf(document);
  mighty = await realtime.token('root', { roles: ALL_ROLES });
  nobody = await realtime.token('anna');
});
afterAll(() => realtime.stop());

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;
const ofApi = (): Operation[] => operations.filter(({ path }) => path.startsWith('/api/v1/'));
const urlOf = (path: string, value: () => string = newId): string => path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(value()));
const isSuccess = (status: string): boolean => Number(status) < 400;

/** Calls that need no token: the link in a mail is signed. */
const OPEN_TO_ALL = ['/api/v1/unsubscribe'];

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(await new Validator().validate({ ...structuredClone(document) })).toMatchObject({ valid: true });
  });

  it('says of every call what it does, who may call it, what it answers and how it refuses', () => {
    expect(ofApi().length).toBeGreaterThan(20);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const operation of operations) {
      const { summary, tags, security, responses } = operation;
      expect(summary, nameOf(operation)).toMatch(/^[A-Z].{5,90}\.$/);
      expect(document.tags.map(({ name }) => name), nameOf(operation)).toContain(tags[0]);
      expect(tags, nameOf(operation)).toHaveLength(1);
      expect(security, nameOf(operation)).toBeInstanceOf(Array);
      const successes = Object.entries(responses).filter(([status]) => isSuccess(status));
      expect(successes, nameOf(operation)).not.toHaveLength(0);
      expect(responseOf(document, operation, 500)?.content?.['application/json'], nameOf(operation)).toMatchObject({ schema: { $ref: '#/components/schemas/Error' } });
      if (security.length > 0) expect(responses, nameOf(operation)).toHaveProperty('401');
      if (security.some(({ bearer = [] }) => bearer.length > 0)) expect(responses, nameOf(operation)).toHaveProperty('403');
      for (const { name } of operation.parameters?.filter((parameter) => parameter.in === 'path') ?? []) expect(operation.path).toContain(`{${name}}`);
    }
  });

  it('names calls that are there, and each asks for a token before it looks at anything else', async () => {
    for (const operation of ofApi()) {
      if (OPEN_TO_ALL.includes(operation.path)) continue;
      const body = ['GET', 'HEAD'].includes(operation.method) ? {} : { body: '{' };
      const url = urlOf(operation.path, () => '%');
      expect(await realtime.call(operation.method, url, body), nameOf(operation)).toMatchObject({ status: 401, body: { reason: 'unauthorized' } });
      if (operation.security.every(({ bearer = [] }) => bearer.length === 0)) continue;
      expect(await realtime.call(operation.method, url, { ...body, token: nobody }), nameOf(operation)).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
    }
  });

  it.each([
    ['its access', { schema: { tags: ['users'], summary: 'A.', response: {} } }, 'access'],
    ['anything', {}, 'access, tags, summary, response'],
  ] as const)('has every route: one that does not declare %s keeps the server from starting', async (_what, options, missing) => {
    const { app } = await bareServer();
    expect(() => app.get('/api/v1/forgotten', options, () => 'secret')).toThrow(`GET /api/v1/forgotten does not declare its ${missing}`);
    await app.close();
  });

  it('lists the errors of the one table alone', () => {
    expect(document.components.schemas['Error']?.properties?.['reason']).toMatchObject({ enum: Object.keys(ERRORS) });
  });
});

describe('access', () => {
  it('shows a route that is open to all no identity', async () => {
    const { app } = await bareServer();
    app.get('/open', { config: { access: 'public' } }, (request) => request.identity);
    expect((await app.inject('/open')).json()).toMatchObject({ reason: 'unauthorized' });
    await app.close();
  });
});

async function bareServer() {
  const app = useSchemas(fastify());
  useErrorReplies(app, silentLog);
  useAccess(app, createAuthenticate(() => Promise.reject(new AppError('unauthorized'))));
  await openapiRoutes(app);
  return { app };
}

describe('replies', () => {
  it('are as the document says', async () => {
    const called = new Set<string>();
    const call = callAsDocumented(realtime, document, called);
    const token = mighty;
    await call('GET', '/health');
    await call('GET', '/health/live');
    await call('POST', '/dev/session', { body: { user_id: 'ben' } });
    const { body: begun } = await call('POST', '/api/v1/media/uploads', { token, body: { filename: 'a.mp4', size_bytes: 3 } });
    const mediaPath = `/api/v1/media/${String(begun.media_id)}`;
    await call('POST', `${mediaPath}/complete`, { token });
    await fetch(hereOf(realtime, begun.upload.url), { method: 'PUT', body: 'abc' });
    await call('POST', `${mediaPath}/complete`, { token });
    const { body: large } = await call('POST', '/api/v1/media/uploads', { token, body: { filename: 'b.mp4', size_bytes: 200_000_000 } });
    await call('POST', `/api/v1/media/${String(large.media_id)}/parts`, { token, body: { from: 2, count: 1 } });
    await call('GET', mediaPath, { token });
    await call('GET', '/api/v1/media', { token });
    await call('GET', `/api/v1/media/${newId()}`, { token });
    for (let time = 0; time < 2; time += 1) {
      await call('PUT', '/api/v1/conversations/room-1', { token, body: { public: true, title: 'Room', members: [{ user_id: 'root' }] } });
    }
    await call('PUT', '/api/v1/conversations/room-1/members/anna', { token });
    await call('GET', '/api/v1/conversations', { token });
    await call('GET', '/api/v1/conversations?limit=0', { token });
    await call('GET', '/api/v1/conversations/room-1/messages', { token });
    await call('DELETE', '/api/v1/conversations/room-1/members/anna', { token });
    const event = createEvent('user.revoked', { user_id: 'x' }, { source: 'backend' });
    for (let time = 0; time < 2; time += 1) await call('POST', '/api/v1/events', { token, body: event });
    await call('POST', '/api/v1/events', { token, body: { ...event, event_type: 'no.such' } });
    await call('POST', '/api/v1/users/ben/disconnect', { token });
    await call('POST', '/api/v1/users/ben/revoke', { token });
    await call('GET', '/api/v1/users/ben', { token });
    await call('POST', '/api/v1/tokens/revoke', { token, body: { jti: 'one' } });
    await call('POST', '/api/v1/tokens/revoke', { token, body: { token: 'x' } });
    await call('POST', '/api/v1/topics/user:ben/broadcast', { token, body: { event: 'hello' } });
    await call('POST', `/api/v1/jobs/${newId()}/cancel`, { token });
    await call('GET', '/api/v1/dead-letters', { token });
    await call('GET', `/api/v1/dead-letters/${newId()}`, { token });
    await call('POST', '/api/v1/dead-letters/discard', { token, body: { filter: { kind: 'job' } } });
    await call('POST', '/api/v1/users/root/presence', { token, body: { status: 'away' } });
    await call('GET', '/api/v1/users/root/presence', { token });
    await call('POST', '/api/v1/reels/reel-1/updates', { token, body: { update_data: { likes_delta: 1 } } });
    await call('GET', '/api/v1/reels/reel-1/updates', { token });
    for (const { method, path } of ofApi().filter((operation) => operation.method === 'GET')) await call(method, urlOf(path), { token });
    expect(called.size).toBeGreaterThan(30);
  });
});

describe('input that breaks the rules', () => {
  it('is refused with 4xx by every call that takes a body', async () => {
    const taking = ofApi().filter((operation) => bodySchemaOf(operation) !== undefined);
    expect(taking.length).toBeGreaterThan(8);
    for (const operation of taking) {
      await fc.assert(
        fc.asyncProperty(breaking(resolve(document, bodySchemaOf(operation)!)), async (body) => {
          const { status, body: reply } = await realtime.call(operation.method, urlOf(operation.path), { token: mighty, body: JSON.stringify(body) });
          expect([status, reply], `${nameOf(operation)} ${JSON.stringify(body)}`).toEqual([422, expect.objectContaining({ reason: expect.stringMatching(/^(invalid|unknown)_/) })]);
        }),
        { numRuns: 25 },
      );
    }
  });

  it('is never an error of the server, whatever stands in path, query and body', async () => {
    for (const operation of ofApi()) {
      const query = operation.parameters?.filter((parameter) => parameter.in === 'query').map(({ name }) => name) ?? [];
      const schema = bodySchemaOf(operation);
      const properties = Object.keys((schema && resolve(document, schema).properties) ?? {});
      const input = fc.record({
        path: hostile,
        query: fc.dictionary(fc.constantFrom(...query, 'other'), hostile),
        body: fc.dictionary(fc.constantFrom(...properties, 'other'), fc.oneof(hostile, fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }))),
      });
      // What databases refuse, in each place once.
      const examples = [
        { path: '\0', query: {}, body: {} },
        ...query.map((name) => ({ path: newId(), query: { [name]: '\0' }, body: {} })),
        ...properties.map((name) => ({ path: newId(), query: {}, body: { [name]: '\0\ud800' } })),
      ];
      await fc.assert(
        fc.asyncProperty(input, async ({ path, query: fields, body }) => {
          const url = `${urlOf(operation.path, () => path)}?${new URLSearchParams(fields).toString()}`;
          const { status } = await realtime.call(operation.method, url, { token: mighty, ...(schema === undefined ? {} : { body: JSON.stringify(body) }) });
          expect(status, `${nameOf(operation)} ${url} ${JSON.stringify(body)}`).toBeLessThan(500);
        }),
        { examples: examples.map((one) => [one]), numRuns: examples.length + 20 },
      );
    }
  });
});

/** Texts that databases, paths and numbers stumble over. */
const hostile = fc.oneof(
  fc.constantFrom('\0', 'a\0b', '../..', '%00', "'; --", '-1', '1e999', 'NaN', 'null', '2026-13-99', '__proto__', newId(), '🙂'.repeat(20)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
);

/** Values that a schema of an object, or a choice of such, cannot take. */
function breaking({ properties = {}, additionalProperties }: JsonSchema): fc.Arbitrary<unknown> {
  const notAnObject = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
  const unknownKey = fc.dictionary(fc.string({ minLength: 1 }).map((name) => `unknown ${name}`), fc.jsonValue(), { minKeys: 1, maxKeys: 3 });
  const wrongTypes = Object.entries(properties).map(([name, { type }]) => fc.constant({ [name]: [type].flat().includes('array') ? { not: 'a list' } : [['a list']] }));
  return fc.oneof(notAnObject, ...(additionalProperties === undefined || additionalProperties === false ? [unknownKey] : []), ...wrongTypes);
}

describe('the page at /api/docs', () => {
  it('shows the calls in a browser, from this host alone', async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
      const complaints: string[] = [];
      const hosts = new Set<string>();
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => hosts.add(new URL(request.url()).origin));
      await page.goto(`${realtime.url}/api/docs`);
      await page.getByText('Begin an upload.').click();
      await page.getByText('upload_too_large', { exact: true }).first().waitFor();
      expect(await page.locator('.opblock').count()).toBe(operations.length);
      await page.evaluate(() => window.scrollTo(0, 0));
      await keepScreenshot(page, 'api-docs');
      expect({ complaints, hosts: [...hosts] }).toEqual({ complaints: [], hosts: [realtime.url] });
    } finally {
      await browser.close();
    }
  });

  it('serves its own files alone, with headers that keep others out', async () => {
    const get = (path: string) => fetch(`${realtime.url}/api/${path}`);
    expect((await get('docs')).headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await get('docs/')).status).toBe(200);
    for (const path of ['docs/package.json', 'docs/index.html', 'docs/../openapi/page.ts', 'docs/%2e%2e/package.json']) expect((await get(path)).status, path).toBe(404);
    expect((await get('openapi.json')).headers.get('access-control-allow-origin')).toBe('*');
  });
});

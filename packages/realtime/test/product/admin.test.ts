import { openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createBury } from '@armoricore/shared/dead-letters';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { openQueues, UnrecoverableError, type QueueStore } from '@armoricore/shared/queues';
import type { Storage } from '@armoricore/shared/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
let queues: QueueStore;
let admin: string;
let viewer: string;
let user: string;

beforeAll(async () => {
  realtime = await startRealtime();
  database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
  queues = await openQueues({ databaseUrl: realtime.databaseUrl, workers: 1, log: silentLog });
  admin = await realtime.token('root', { roles: ['admin'] });
  viewer = await realtime.token('eye', { roles: ['viewer'] });
  user = await realtime.token('anna');
});
afterAll(async () => {
  await queues.close();
  await database.stop();
  await realtime.stop();
});

const HTML = { accept: 'text/html' };
const request = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(realtime.url + path, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) });
const signIn = (token: string, headers: Record<string, string> = {}) =>
  request('POST', '/admin/session', { 'content-type': 'application/x-www-form-urlencoded', ...headers }, new URLSearchParams({ token }).toString());
const cookie = (token: string) => ({ cookie: `other=1; armoricore_admin=${token}` });
const acts = async (subject: string) => (await realtime.call('GET', `/api/v1/audit?subject=${encodeURIComponent(subject)}`, { token: admin })).body.audit;

describe('signing in', () => {
  it('keeps the token in a cookie that no script and no other site can use, until the token ends', async () => {
    const answer = await signIn(admin);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/admin/queues']);
    const [value, ...attributes] = answer.headers.get('set-cookie')!.split('; ');
    expect(value).toBe(`armoricore_admin=${admin}`);
    expect(attributes).toEqual(['HttpOnly', 'SameSite=Strict', 'Path=/admin', expect.stringMatching(/^Expires=/)]);
    const endsIn = Date.parse(attributes[3]!.slice('Expires='.length)) - Date.now();
    expect(endsIn).toBeLessThanOrEqual(60_000);

    const page = await (await request('GET', '/admin/login', cookie(admin))).text();
    expect(page).toContain('Signed in as <b>root</b>');
    const out = await request('POST', '/admin/logout', cookie(admin));
    expect([out.status, out.headers.get('location'), out.headers.get('set-cookie')]).toEqual([303, '/admin/login', expect.stringMatching(/^armoricore_admin=;.*Expires=Thu, 01 Jan 1970/)]);
  });

  it('says why it refuses, and sends back nothing that was typed', async () => {
    const expired = await realtime.token('root', { roles: ['admin'], ttlS: -1 });
    for (const [token, status, why] of [['<script>', 422, 'no valid token'], ['a.b.c', 401, 'no valid token'], [expired, 401, 'expired'], [user, 403, 'neither the role']] as const) {
      const answer = await signIn(token);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([status, null]);
      const page = await answer.text();
      expect(page).toContain(why);
      expect(page).not.toContain(token);
    }
  });

  it('is closed to pages of other origins', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://localhost:1']) {
      expect((await signIn(admin, { origin })).status).toBe(403);
      expect((await request('PUT', '/admin/queues/api/queues/media/pause', { ...cookie(admin), origin })).status).toBe(403);
    }
    expect((await signIn(admin, { origin: realtime.url })).status).toBe(303);
  });

  it('is one click in development, on this machine and by its own name alone', async () => {
    const answer = await request('POST', '/admin/session/development');
    expect(answer.status).toBe(303);
    const [, token = ''] = /armoricore_admin=([^;]+)/.exec(answer.headers.get('set-cookie')!) ?? [];
    expect((await request('GET', '/admin/queues/api/queues', cookie(token))).status).toBe(200);
    expect((await request('POST', '/admin/session/development', { 'x-forwarded-for': '1.2.3.4' })).status).toBe(404);
    expect((await request('POST', '/admin/session/development', { origin: 'https://evil.example' })).status).toBe(403);

    const production = await startRealtime({ NODE_ENV: 'production', PUBLIC_URL: 'https://realtime.example' });
    try {
      expect((await fetch(`${production.url}/admin/session/development`, { method: 'POST' })).status).toBe(404);
      expect(await (await fetch(`${production.url}/admin/login`)).text()).not.toContain('development');
      const body = new URLSearchParams({ token: await production.token('root', { roles: ['admin'] }) });
      const signedIn = await fetch(`${production.url}/admin/session`, { method: 'POST', body, redirect: 'manual', headers: { origin: 'https://realtime.example' } });
      expect([signedIn.status, signedIn.headers.get('set-cookie')]).toEqual([303, expect.stringMatching(/; Secure$/)]);
    } finally {
      await production.stop();
    }
  });
});

describe('/admin/queues', () => {
  it('sends browsers without a session to the login page, and answers programs with 401', async () => {
    for (const headers of [HTML, { ...HTML, ...cookie('a.b.c') }, { ...HTML, ...cookie(user) }]) {
      const answer = await request('GET', '/admin/queues', headers);
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/admin/login']);
    }
    expect((await request('GET', '/admin/queues/api/queues')).status).toBe(401);
    expect((await request('PUT', '/admin/queues/api/queues/media/pause', HTML)).status).toBe(401);
    // Only the cookie counts: the API's header is not sent by browsers.
    expect((await request('GET', '/admin/queues/api/queues', { authorization: `Bearer ${admin}` })).status).toBe(401);
  });

  it('guards its pages', async () => {
    for (const path of ['/admin/login', '/admin/queues']) {
      const { headers } = await request('GET', path, { ...HTML, ...cookie(admin) });
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it('shows a failed job without what users wrote, to viewers without the right to act', async () => {
    const input = { media_id: 'm1', user_id: 'u1', title: 'my holiday', file_path: 'https://user:secret@host/x', to: ['a@b.example'] };
    const id = await failedJob(input, 'source_not_found: https://user:secret@host/x is not there');
    const read = async (token: string) => (await (await request('GET', '/admin/queues/api/queues?activeQueue=media&status=failed&page=1&jobsPerPage=10', cookie(token))).json()) as any;
    const [job] = (await read(viewer)).queues[0].jobs;
    expect(job).toMatchObject({ id, data: { input: { media_id: 'm1', user_id: 'u1', title: '(hidden)', file_path: '(hidden)', to: '(hidden)' } } });
    expect(job.failedReason).toBe('source_not_found: The source file of the media does not exist.');
    const one = await (await request('GET', `/admin/queues/api/queues/media/${id}`, cookie(admin))).text();
    for (const text of [JSON.stringify(job), one]) for (const word of ['secret', 'holiday', 'b.example']) expect(text).not.toContain(word);
    expect((await read(viewer)).queues.map(({ readOnlyMode, allowRetries }: any) => [readOnlyMode, allowRetries])).toEqual(Array(4).fill([true, false]));
    expect((await read(admin)).queues[0]).toMatchObject({ readOnlyMode: false, allowRetries: true });
  });

  it('lets viewers do nothing, and nobody write inputs or lose jobs', async () => {
    const id = await failedJob({ media_id: 'm1' }, 'internal: x');
    for (const path of ['media/pause', `media/${id}/retry`, `media/${id}/clean`, 'pause', 'media/obliterate']) {
      expect((await request('PUT', `/admin/queues/api/queues/${path}`, cookie(viewer))).status).toBe(403);
    }
    const json = { ...cookie(admin), 'content-type': 'application/json' };
    expect((await request('POST', '/admin/queues/api/queues/media/add', json, '{"name":"x","data":{},"options":{}}')).status).toBe(403);
    expect((await request('PATCH', `/admin/queues/api/queues/media/${id}/update-data`, json, '{"jobData":{}}')).status).toBe(403);
    for (const path of ['media/empty', 'media/obliterate', 'media/clean/waiting', 'media/clean/delayed', 'media/retry/completed']) {
      expect((await request('PUT', `/admin/queues/api/queues/${path}`, json, '{}')).status).toBe(403);
    }
    expect(await queues.queue('media').isPaused()).toBe(false);
  });

  it('takes jobs away that have ended, and cancels those that have not', async () => {
    const ended = await failedJob({ media_id: 'm1' }, 'internal: x');
    const waiting = newId();
    await queues.queue('caption').add('caption.test', { input: {} }, { jobId: waiting });
    const clean = (path: string) => request('PUT', `/admin/queues/api/queues/${path}/clean`, cookie(admin));
    expect((await clean(`media/${ended}`)).status).toBe(204);
    expect(await queues.queue('media').getJob(ended)).toBeUndefined();
    expect((await clean(`caption/${waiting}`)).status).toBe(204);
    expect(await queues.queue('caption').getJob(waiting)).toBeDefined();
    const { rows } = await database.pool.query('SELECT job_id FROM job_cancellations');
    expect(rows).toEqual([{ job_id: waiting }]);
    expect((await acts(`job:${waiting}`)).map(({ action }: any) => action)).toEqual(['job.cancel', 'queue.clean']);
    expect((await clean(`caption/${newId()}`)).status).toBe(404);
  });

  it('writes down what admins do', async () => {
    expect((await request('PUT', '/admin/queues/api/queues/caption/pause', cookie(admin))).status).toBe(200);
    expect(await queues.queue('caption').isPaused()).toBe(true);
    expect((await request('PUT', '/admin/queues/api/queues/caption/resume', cookie(admin))).status).toBe(200);
    expect(await acts('queue:caption')).toMatchObject([
      { actor: 'root', action: 'queue.resume', remote_address: '127.0.0.1', details: { queue: 'caption' } },
      { actor: 'root', action: 'queue.pause' },
    ]);
  });

  it('does a failed job again as a new one, by its dead letter, and only once', async () => {
    const input = { media_id: 'm1', user_id: 'u1', file_path: 'file:///x', metadata: {} };
    const id = await failedJob(input, 'source_not_found: x', { letter: true });
    const retry = () => request('PUT', `/admin/queues/api/queues/media/${id}/retry`, cookie(admin));
    expect((await retry()).status).toBe(204);
    expect(await queues.queue('media').getJob(id)).toBeUndefined();
    const { rows } = await database.pool.query(`SELECT event_type, target_group, event->'payload' AS payload FROM events WHERE target_group = 'jobs'`);
    expect(rows).toEqual([{ event_type: 'media.uploaded', target_group: 'jobs', payload: input }]);
    expect((await retry()).status).toBe(404);
    expect((await acts(`job:${id}`)).map(({ action }: any) => action)).toEqual(['queue.retry', 'queue.retry']);

    const orphan = await failedJob(input, 'source_not_found: x');
    expect((await request('PUT', `/admin/queues/api/queues/media/${orphan}/retry`, cookie(admin))).status).toBe(409);
    const all = [await failedJob(input, 'internal: x', { letter: true }), await failedJob(input, 'internal: x', { letter: true })];
    const answer = await request('PUT', '/admin/queues/api/queues/media/retry/failed', cookie(admin));
    expect(await answer.json()).toMatchObject({ retried: 2 });
    for (const one of all) expect(await queues.queue('media').getJob(one)).toBeUndefined();
  });
});

/** A job in the queue `media` that a worker took and failed for good. */
async function failedJob(input: object, message: string, { letter = false } = {}): Promise<string> {
  const id = newId();
  await queues.queue('media').add('media.transcode', { input }, { jobId: id });
  const fail = () => Promise.reject(new UnrecoverableError(message));
  const worker = queues.worker('media', fail, { concurrency: 1, lockMs: 5_000, backoff: () => 0 });
  try {
    await waitFor(async () => (await queues.queue('media').getJob(id))?.isFailed(), { what: 'the job has failed' });
  } finally {
    await worker.close();
  }
  const dead = { kind: 'job', origin: 'media', refId: id, name: 'media.transcode', payload: input, reason: 'internal', attempts: 1, lastError: message } as const;
  if (letter) await createBury(database.db, {} as Storage)(dead);
  return id;
}

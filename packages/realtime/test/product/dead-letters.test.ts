import { openBus, type Bus } from '@armoricore/shared/bus';
import { deadLetters, events, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createBury, type DeadLetter } from '@armoricore/shared/dead-letters';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { AppError, newId, silentLog } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import { createFileSystemStorage } from '@armoricore/shared/storage/filesystem';
import { eq } from 'drizzle-orm';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
let storage: Storage;
let bus: Bus;
let admin: string;
let viewer: string;
let user: string;

beforeAll(async () => {
  realtime = await startRealtime();
  database = openDatabase(realtime.databaseUrl, { max: 4, log: silentLog });
  storage = createFileSystemStorage({ root: join(realtime.dataDir, 'objects'), secret: 'x'.repeat(32), publicUrl: realtime.url, playbackUrlTtlS: 60 });
  bus = await openBus({ BUS_URL: undefined, BUS_NAMESPACE: 'armoricore' }, { database, bury: createBury(database.db, storage), log: silentLog });
  admin = await realtime.token('root', { roles: ['admin'] });
  viewer = await realtime.token('eye', { roles: ['viewer'] });
  user = await realtime.token('anna');
});
afterAll(async () => {
  await bus.close();
  await database.stop();
  await realtime.stop();
});
beforeEach(async () => void (await database.db.delete(deadLetters)));

const letter = (fields: Partial<DeadLetter> = {}): DeadLetter => ({
  kind: 'event',
  origin: 'realtime',
  refId: newId(),
  name: 'user.revoked',
  payload: createEvent('user.revoked', { user_id: 'u1' }, { source: 'backend', userId: 'u1' }),
  reason: 'internal',
  attempts: 5,
  lastError: 'it broke',
  ...fields,
});

/** Buries letters and gives their ids, oldest first. */
async function bury(...letters: DeadLetter[]): Promise<string[]> {
  for (const one of letters) {
    await createBury(database.db, storage)(one);
    const buriedAt = Date.now();
    await waitFor(() => Date.now() > buriedAt, { intervalMs: 1, what: 'the next millisecond: ids are in the order of time to that' });
  }
  const rows = await database.db.select({ id: deadLetters.id, refId: deadLetters.refId }).from(deadLetters);
  return letters.map(({ refId }) => rows.find((row) => row.refId === refId)!.id);
}
const eventOf = async (id: string) => (await database.db.select().from(events).where(eq(events.eventId, id)))[0];
const left = async () => (await database.db.select({ id: deadLetters.id }).from(deadLetters)).map(({ id }) => id);
const acts = async (subject: string) => (await realtime.call('GET', `/api/v1/audit?subject=${encodeURIComponent(subject)}`, { token: admin })).body.audit;

describe('listing', () => {
  it('shows the newest first, page by page, by filter, without payloads', async () => {
    const ids = await bury(letter(), letter({ kind: 'job', origin: 'media', name: 'media.transcode', reason: 'time_limit' }), letter({ origin: 'jobs' }));
    const first = await realtime.call('GET', '/api/v1/dead-letters?limit=2', { token: viewer });
    expect(first).toMatchObject({ status: 200, body: { dead_letters: [{ id: ids[2] }, { id: ids[1], kind: 'job', attempts: 5, last_error: 'it broke' }], next: ids[1] } });
    expect(first.body.dead_letters[0]).not.toHaveProperty('payload');
    const second = await realtime.call('GET', `/api/v1/dead-letters?limit=2&after=${first.body.next}`, { token: viewer });
    expect(second.body).toMatchObject({ dead_letters: [{ id: ids[0] }], next: null });

    const filtered = async (query: string) => (await realtime.call('GET', `/api/v1/dead-letters?${query}`, { token: admin })).body.dead_letters.map(({ id }: { id: string }) => id);
    expect(await filtered('kind=job')).toEqual([ids[1]]);
    expect(await filtered('origin=jobs')).toEqual([ids[2]]);
    expect(await filtered('reason=time_limit&name=media.transcode')).toEqual([ids[1]]);
    expect(await filtered(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    expect(await filtered(`until=${new Date(Date.now() + 60_000).toISOString()}`)).toHaveLength(3);
  });

  it('shows the payload of one, also when it stands in the storage', async () => {
    const payload = { ...createEvent('user.revoked', { user_id: 'u1' }, { source: 'backend' }), payload: { user_id: 'u1', reason: 'x'.repeat(50_000) } };
    const [small, large] = await bury(letter(), letter({ payload }));
    expect((await realtime.call('GET', `/api/v1/dead-letters/${small}`, { token: viewer })).body.dead_letter.payload).toMatchObject({ event_type: 'user.revoked' });
    const shown = (await realtime.call('GET', `/api/v1/dead-letters/${large}`, { token: viewer })).body.dead_letter;
    expect(shown.payload).toEqual(payload);
    expect(shown.payload_bytes).toBeGreaterThan(50_000);
    await realtime.call('DELETE', `/api/v1/dead-letters/${large}`, { token: admin });
    expect(await storage.list('dead-letters')).toEqual([]);
  });

  it.each(['kind=ghost', 'limit=0', 'limit=101', 'after=x', 'since=yesterday', 'colour=red'])('refuses ?%s', async (query) => {
    expect(await realtime.call('GET', `/api/v1/dead-letters?${query}`, { token: admin })).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
  });
});

describe('replay', () => {
  it('gives an event that a group failed on to that group alone, once more and under another id', async () => {
    const seen: Record<string, BusEvent[]> = { broken: [], healthy: [] };
    let healed = false;
    const handler = (group: string) => async (event: BusEvent) => {
      seen[group]!.push(event);
      if (group === 'broken' && !healed) throw new AppError('invalid_payload');
    };
    for (const group of ['broken', 'healthy']) await bus.subscribe({ group, types: ['membership.updated'], handler: handler(group) });
    const event = createEvent('membership.updated', { conversation_id: 'c1', added: ['u1'], removed: [] }, { source: 'backend', userId: 'u1' });
    await bus.publish(event);
    const id = await waitFor(async () => (await left())[0], { what: 'the dead letter' });
    await waitFor(() => seen['healthy']!.length === 1, { what: 'the other group has it' });

    healed = true;
    const { status, body } = await realtime.call('POST', `/api/v1/dead-letters/${id}/replay`, { token: admin });
    expect(status).toBe(202);
    const again = await waitFor(() => seen['broken']![1], { what: 'the replay' });
    expect(again).toEqual({ ...event, event_id: body.event_id });
    expect(body.event_id).not.toBe(event.event_id);
    expect(await left()).toEqual([]);
    expect(await bus.backlog('healthy')).toBe(0);
    expect(seen['healthy']).toHaveLength(1);
    expect(await acts(`dead_letter:${id}`)).toMatchObject([
      { actor: 'root', action: 'dead_letter.replay', remote_address: '127.0.0.1', details: { origin: 'broken', ref_id: event.event_id, event_id: body.event_id } },
    ]);
  });

  it('starts a job anew by the event that it is started by', async () => {
    const input = { media_id: 'm1', user_id: 'u1', file_path: 'file:///uploads/m1/source', metadata: {} };
    const [id] = await bury(letter({ kind: 'job', origin: 'media', name: 'media.transcode', payload: input }));
    const { body } = await realtime.call('POST', `/api/v1/dead-letters/${id}/replay`, { token: admin });
    expect(await eventOf(body.event_id)).toMatchObject({ eventType: 'media.uploaded', targetGroup: 'jobs', event: { payload: input } });
    expect(await left()).toEqual([]);
  });

  it.each([
    ['what never was an event', letter({ origin: 'intake', payload: 'hello' })],
    ['an event of no type', letter({ payload: { ...(letter().payload as object), event_type: 'user.eaten' } })],
    ['an event whose payload has the wrong shape', letter({ payload: { ...(letter().payload as object), payload: { user_id: 7 } } })],
    ['null', letter({ payload: null })],
    ['a job that nobody knows', letter({ kind: 'job', origin: 'media', name: 'media.eat', payload: {} })],
    ['a job whose input has the wrong shape', letter({ kind: 'job', origin: 'media', name: 'media.transcode', payload: { media_id: 7 } })],
  ])('refuses %s and keeps it', async (_what, one) => {
    const [id] = await bury(one);
    const answer = await realtime.call('POST', `/api/v1/dead-letters/${id}/replay`, { token: admin });
    expect(answer).toMatchObject({ status: 409, body: { reason: 'not_replayable', dead_letter_id: id } });
    expect(await left()).toEqual([id]);
    expect(await acts(`dead_letter:${id}`)).toEqual([]);
  });

  it('refuses a letter whose payload was deleted from the storage', async () => {
    const [id] = await bury(letter({ payload: { ...(letter().payload as object), payload: { user_id: 'u1', reason: 'x'.repeat(50_000) } } }));
    await storage.delete('dead-letters');
    expect((await realtime.call('GET', `/api/v1/dead-letters/${id}`, { token: admin })).body.dead_letter.payload).toBeNull();
    expect(await realtime.call('POST', `/api/v1/dead-letters/${id}/replay`, { token: admin })).toMatchObject({ status: 409, body: { reason: 'not_replayable' } });
  });

  it('of one letter by two at once is one', async () => {
    const [id] = await bury(letter());
    const both = await Promise.all([1, 2].map(() => realtime.call('POST', `/api/v1/dead-letters/${id}/replay`, { token: admin })));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 404]);
    expect(await acts(`dead_letter:${id}`)).toHaveLength(1);
  });
});

describe('many at once', () => {
  it('replays by filter, oldest first, says what is left and goes past what is refused', async () => {
    const ids = await bury(letter(), letter({ payload: 'no event' }), letter(), letter({ reason: 'time_limit' }));
    const call = (after: object) => realtime.call('POST', '/api/v1/dead-letters/replay', { token: admin, body: { filter: { reason: 'internal' }, limit: 2, ...after } });
    const first = await call({});
    expect(first).toMatchObject({ status: 202, body: { replayed: [ids[0]], refused: [{ id: ids[1], reason: 'not_replayable' }], remaining: 1, next: ids[1] } });
    expect((await call({ after: first.body.next })).body).toEqual({ replayed: [ids[2]], refused: [], remaining: 0, next: null });
    expect(await left()).toEqual([ids[1], ids[3]]);
  });

  it('discards by id, and names those that are not there', async () => {
    const ids = await bury(letter(), letter(), letter());
    const gone = newId();
    const { status, body } = await realtime.call('POST', '/api/v1/dead-letters/discard', { token: admin, body: { ids: [ids[0], gone, ids[2]] } });
    expect([status, body]).toEqual([200, { discarded: [ids[0], ids[2]], refused: [{ id: gone, reason: 'not_found' }], remaining: 0, next: null }]);
    expect(await left()).toEqual([ids[1]]);
    expect(await acts(`dead_letter:${ids[2]}`)).toMatchObject([{ action: 'dead_letter.discard' }]);
  });

  it.each([[{}], [{ filter: {} }], [{ ids: [] }], [{ ids: ['x'] }], [{ filter: { kind: 'event' }, limit: 1000 }], [{ ids: [newId()], filter: { kind: 'job' } }]])('refuses %j', async (body) => {
    for (const what of ['replay', 'discard']) {
      expect(await realtime.call('POST', `/api/v1/dead-letters/${what}`, { token: admin, body })).toMatchObject({ status: 422 });
    }
  });
});

describe('who may', () => {
  it('is the admin; viewers look on; others and strangers get nothing', async () => {
    const [id] = await bury(letter());
    const reads = ['/api/v1/dead-letters', `/api/v1/dead-letters/${id}`].map((path) => ['GET', path] as const);
    const writes = [
      ['POST', `/api/v1/dead-letters/${id}/replay`],
      ['POST', '/api/v1/dead-letters/replay'],
      ['POST', '/api/v1/dead-letters/discard'],
      ['DELETE', `/api/v1/dead-letters/${id}`],
      ['POST', `/api/v1/jobs/${newId()}/cancel`],
      ['GET', '/api/v1/audit'],
    ] as const;
    const statuses = (calls: readonly (readonly [string, string])[], options: { token?: string }) =>
      Promise.all(calls.map(async ([method, path]) => (await realtime.call(method, path, options)).status));
    expect(await statuses(reads, { token: viewer })).toEqual([200, 200]);
    expect(await statuses(writes, { token: viewer })).toEqual(writes.map(() => 403));
    expect(await statuses([...reads, ...writes], { token: user })).toEqual([...reads, ...writes].map(() => 403));
    expect(await statuses([...reads, ...writes], {})).toEqual([...reads, ...writes].map(() => 401));
    expect(await left()).toEqual([id]);
  });
});

describe('POST /api/v1/jobs/:id/cancel', () => {
  it('asks for the end of the job and is written down', async () => {
    const id = newId();
    expect(await realtime.call('POST', `/api/v1/jobs/${id}/cancel`, { token: admin })).toEqual({ status: 202, body: { job_id: id } });
    const { rows } = await database.pool.query('SELECT job_id FROM job_cancellations');
    expect(rows).toEqual([{ job_id: id }]);
    expect(await acts(`job:${id}`)).toMatchObject([{ action: 'job.cancel', actor: 'root' }]);
    expect(await realtime.call('POST', '/api/v1/jobs/x/cancel', { token: admin })).toMatchObject({ status: 422 });
  });
});

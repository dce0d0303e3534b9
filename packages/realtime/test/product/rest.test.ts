import { createEvent } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { hereOf, upload } from '../support/uploads.ts';

let realtime: RealtimeUnderTest;
let anna: string;
let ben: string;
let backend: string;

beforeAll(async () => {
  realtime = await startRealtime({ MEDIA_MAX_UPLOAD_BYTES: '1000000' });
  anna = await realtime.token('anna');
  ben = await realtime.token('ben');
  backend = await realtime.token('backend-1', { roles: ['service'] });
});
afterAll(() => realtime.stop());

describe('tokens', () => {
  it('refuses none, garbage, an expired one and one of another key, each by its name', async () => {
    const other = await realtime.token('anna', { ttlS: -1 });
    expect(await realtime.call('GET', '/api/v1/media')).toMatchObject({ status: 401, body: { reason: 'unauthorized' } });
    expect(await realtime.call('GET', '/api/v1/media', { token: 'x.y.z' })).toMatchObject({ status: 401, body: { reason: 'unauthorized' } });
    expect(await realtime.call('GET', '/api/v1/media', { token: other })).toMatchObject({ status: 401, body: { reason: 'token_expired' } });
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"user_id":"anna","exp":9999999999}').toString('base64url')}.`;
    expect(await realtime.call('GET', '/api/v1/media', { token: none })).toMatchObject({ status: 401 });
  });
});

describe('POST /api/v1/events', () => {
  const event = () => createEvent('user.revoked', { user_id: 'x' }, { source: 'backend' });

  it('publishes once: 202, then 200 for the same event', async () => {
    const body = event();
    expect(await realtime.call('POST', '/api/v1/events', { token: backend, body })).toEqual({ status: 202, body: { event_id: body.event_id, duplicate: false } });
    expect(await realtime.call('POST', '/api/v1/events', { token: backend, body })).toEqual({ status: 200, body: { event_id: body.event_id, duplicate: true } });
    const changed = { ...body, payload: { user_id: 'y' } };
    expect(await realtime.call('POST', '/api/v1/events', { token: backend, body: changed })).toMatchObject({ status: 409, body: { reason: 'event_id_conflict' } });
  });

  it.each([
    ['no JSON', '{', 422, 'invalid_payload'],
    ['no envelope', {}, 422, 'invalid_event'],
    ['an unknown type', { ...event(), event_type: 'media.eaten' }, 422, 'unknown_event_type'],
    ['a wrong payload', { ...event(), payload: { user_id: 7 } }, 422, 'invalid_payload'],
    ['a source it does not own', { ...event(), source: 'realtime' }, 403, 'source_not_allowed'],
    ['a type that only our workers publish', createEvent('media.failed', { media_id: 'm', user_id: 'u', reason: 'internal', message: '' }, { source: 'media-worker' }), 403, 'source_not_allowed'],
    ['300 kB', { ...event(), payload: { user_id: 'u', reason: 'x'.repeat(300_000) } }, 413, 'payload_too_large'],
  ])('refuses %s', async (_what, body, status, reason) => {
    expect(await realtime.call('POST', '/api/v1/events', { token: backend, body })).toMatchObject({ status, body: { reason } });
  });

  it('is for services alone', async () => {
    expect(await realtime.call('POST', '/api/v1/events', { token: anna, body: event() })).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
  });
});

describe('uploads', () => {
  it('refuses a 60 GB claim, and says what is allowed', async () => {
    const answer = await realtime.call('POST', '/api/v1/media/uploads', { token: anna, body: { filename: 'big.mp4', size_bytes: 60e9 } });
    expect(answer).toMatchObject({ status: 413, body: { reason: 'upload_too_large', max_bytes: 1_000_000 } });
  });

  it('names what is wrong with a request', async () => {
    const answer = await realtime.call('POST', '/api/v1/media/uploads', { token: anna, body: { filename: '', size_bytes: 0, extra: 1 } });
    expect(answer.status).toBe(422);
    expect(answer.body.issues.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(['filename', 'size_bytes']));
  });

  it('goes from reserved to processing, and complete may come twice', async () => {
    const id = await upload(realtime, anna, Buffer.from('bytes of a clip'));
    for (let time = 0; time < 2; time += 1) {
      expect(await realtime.call('POST', `/api/v1/media/${id}/complete`, { token: anna })).toMatchObject({ status: 202, body: { media: { state: 'processing' } } });
    }
    expect((await realtime.call('GET', '/api/v1/media', { token: anna })).body.media[0]).toMatchObject({ media_id: id, filename: 'clip.mp4' });
  });

  it('is refused at complete when nothing came, or not all', async () => {
    const { body } = await realtime.call('POST', '/api/v1/media/uploads', { token: anna, body: { filename: 'a.mp4', size_bytes: 10 } });
    const complete = () => realtime.call('POST', `/api/v1/media/${body.media_id}/complete`, { token: anna });
    expect(await complete()).toMatchObject({ status: 409, body: { reason: 'upload_missing' } });
    const put = (bytes: string) => fetch(hereOf(realtime, body.upload.url), { method: 'PUT', body: bytes });
    expect((await put('12345')).status).toBe(201);
    expect(await complete()).toMatchObject({ status: 409, body: { reason: 'upload_size_mismatch', announced_bytes: 10, uploaded_bytes: 5 } });
    expect((await put('')).status).toBe(201);
    expect(await complete()).toMatchObject({ status: 422, body: { reason: 'empty_file' } });
    const tooMuch = await put('12345678901');
    expect([tooMuch.status, await tooMuch.json()]).toEqual([413, expect.objectContaining({ reason: 'upload_too_large' })]);
  });

  it('takes bytes only with a whole signature, for its own key, until it is complete', async () => {
    const { body } = await realtime.call('POST', '/api/v1/media/uploads', { token: anna, body: { filename: 'a.mp4', size_bytes: 3 } });
    const url = hereOf(realtime, body.upload.url);
    const reasonOf = async (target: string) => ((await (await fetch(target, { method: 'PUT', body: 'abc' })).json()) as { reason?: string }).reason;
    expect(await reasonOf(url.replace(/max=\d+/, 'max=999999'))).toBe('invalid_signature');
    expect(await reasonOf(url.replace(body.media_id, newId()))).toBe('invalid_signature');
    expect(await reasonOf(url.split('?')[0]!)).toBe('invalid_signature');
    expect(await reasonOf(url)).toBeUndefined();
    await realtime.call('POST', `/api/v1/media/${body.media_id}/complete`, { token: anna });
    expect(await reasonOf(url)).toBe('upload_closed');
  });

  it("shows nobody another's media", async () => {
    const id = await upload(realtime, anna, Buffer.from('private'));
    expect(await realtime.call('GET', `/api/v1/media/${id}`, { token: ben })).toMatchObject({ status: 404, body: { reason: 'not_found' } });
    expect(await realtime.call('POST', `/api/v1/media/${id}/complete`, { token: ben })).toMatchObject({ status: 404 });
    const admin = await realtime.token('root', { roles: ['admin'] });
    expect(await realtime.call('GET', `/api/v1/media/${id}`, { token: admin })).toMatchObject({ status: 200 });
  });
});

describe('probes and the rest', () => {
  it('says live, ready and healthy', async () => {
    expect(await realtime.call('GET', '/health/live')).toEqual({ status: 200, body: { status: 'ok' } });
    for (const path of ['/health', '/health/ready']) {
      expect(await realtime.call('GET', path)).toMatchObject({ status: 200, body: { status: 'ok', checks: { database: { status: 'ok' }, bus: { status: 'ok' }, storage: { status: 'ok' } } } });
    }
  });

  it('answers unknown paths typed', async () => {
    expect(await realtime.call('GET', '/api/v1/nothing')).toMatchObject({ status: 404, body: { reason: 'not_found' } });
  });

  it('gives development visitors a token, and only to loopback names', async () => {
    const session = await realtime.call('POST', '/dev/session', { body: { user_id: 'visitor' } });
    expect(session.body.user_id).toBe('visitor');
    expect((await realtime.call('GET', '/api/v1/media', { token: session.body.token })).status).toBe(200);
    expect(await realtime.call('POST', '/dev/session', { body: { user_id: '../x' } })).toMatchObject({ status: 422 });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFcm, type FakeFcm, type FcmAnswer } from '../../../../test/support/services/fcm.ts';
import { openFcm } from '../../src/adapters/fcm.ts';
import type { Outcome, PushProvider } from '../../src/notifications/port.ts';
import { deviceOf, pushMessage } from '../support/messages.ts';

let fcm: FakeFcm;
let provider: PushProvider;
const credential = { getAccessToken: async () => ({ access_token: 'of-the-test', expires_in: 3600 }) };
const open = (more: Partial<Parameters<typeof openFcm>[0]> = {}) => openFcm({ projectId: 'test', credential, agent: fcm.agent(), ...more });
const device = deviceOf({ platform: 'fcm', token: 'token:of-a-device' });

beforeAll(async () => {
  fcm = await startFcm();
  provider = await open();
});
afterAll(async () => {
  await provider.close?.();
  await fcm.close();
});
beforeEach(() => {
  fcm.received.length = 0;
  fcm.answer = () => 'ok';
});

const rows: [what: string, answer: FcmAnswer | 'reset', outcome: Outcome][] = [
  ['an unregistered token', { status: 404, canonical: 'NOT_FOUND', code: 'UNREGISTERED' }, { kind: 'drop', reason: 'UNREGISTERED' }],
  ['a token that is named as invalid by its field', { status: 400, canonical: 'INVALID_ARGUMENT', code: 'INVALID_ARGUMENT', field: 'message.token' }, { kind: 'drop', reason: 'INVALID_TOKEN' }],
  ['a token that is named as invalid by words', { status: 400, canonical: 'INVALID_ARGUMENT', code: 'INVALID_ARGUMENT', message: 'The registration token is not a valid FCM registration token' }, { kind: 'drop', reason: 'INVALID_TOKEN' }],
  ['an invalid payload', { status: 400, canonical: 'INVALID_ARGUMENT', field: 'message.data[0].value' }, { kind: 'fail', reason: 'INVALID_ARGUMENT' }],
  ['a token of another sender', { status: 403, canonical: 'PERMISSION_DENIED', code: 'SENDER_ID_MISMATCH' }, { kind: 'drop', reason: 'SENDER_ID_MISMATCH' }],
  ['a service account without the permission', { status: 403, canonical: 'PERMISSION_DENIED' }, { kind: 'misconfigured', reason: 'PERMISSION_DENIED' }],
  ['a refused access token', { status: 401, canonical: 'UNAUTHENTICATED' }, { kind: 'misconfigured', reason: 'UNAUTHENTICATED' }],
  ['a missing key of APNs behind FCM', { status: 401, canonical: 'UNAUTHENTICATED', code: 'THIRD_PARTY_AUTH_ERROR' }, { kind: 'retry', reason: 'THIRD_PARTY_AUTH_ERROR', fault: false }],
  ['a used up quota', { status: 429, canonical: 'RESOURCE_EXHAUSTED', code: 'QUOTA_EXCEEDED', retryAfter: '7' }, { kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: 7_000, fault: false }],
  ['an error of the server', { status: 500, canonical: 'INTERNAL', code: 'INTERNAL' }, { kind: 'retry', reason: 'INTERNAL', fault: true }],
  ['a server that is away', { status: 503, canonical: 'UNAVAILABLE', code: 'UNAVAILABLE', retryAfter: '3' }, { kind: 'retry', reason: 'UNAVAILABLE', afterMs: 3_000, fault: true }],
  ['a page of a gateway', { status: 502, raw: '<!DOCTYPE html><title>Error 502' }, { kind: 'retry', reason: 'status_502', fault: true }],
  ['garbage', { status: 503, raw: '{"error": {"det' }, { kind: 'retry', reason: 'status_503', fault: true }],
  ['something unheard of', { status: 404, canonical: 'NOT_FOUND' }, { kind: 'fail', reason: 'NOT_FOUND' }],
  ['a lost connection', 'reset', { kind: 'retry', reason: 'network', fault: true }],
];

describe('what FCM answers', () => {
  it.each(rows)('%s', async (_what, answer, outcome) => {
    expect(await provider.send(device, pushMessage())).toMatchObject({ kind: 'sent' });
    fcm.answer = () => answer;
    const got = await provider.send(device, pushMessage());
    expect(got).toEqual('afterMs' in outcome || outcome.kind !== 'retry' ? outcome : { ...outcome, afterMs: undefined });
    expect(fcm.received).toHaveLength(2); // The SDK repeats nothing by itself.
  });

  it('says nothing of a token before a first message was taken: the project may be the wrong one', async () => {
    const fresh = await open();
    fcm.answer = () => ({ status: 403, canonical: 'PERMISSION_DENIED', code: 'SENDER_ID_MISMATCH' });
    expect(await fresh.send(device, pushMessage())).toEqual({ kind: 'fail', reason: 'SENDER_ID_MISMATCH' });
    await fresh.close?.();
  });
});

describe('what FCM is sent', () => {
  it('shows title and body, with data as texts, the tag, the time to live and the badge', async () => {
    await provider.send(device, pushMessage({ collapseKey: 'chat:1', tag: 'chat:1', badge: 3, data: { n: 1, deep: { a: true }, text: 'x' } }));
    expect(fcm.received[0]).toMatchObject({
      path: '/v1/projects/test/messages:send',
      authorization: 'Bearer of-the-test',
      message: {
        token: 'token:of-a-device',
        notification: { title: 'Hello', body: 'You have a message.' },
        data: { n: '1', deep: '{"a":true}', text: 'x', notification_id: 'n-1', kind: 'alert' },
        android: { priority: 'high', ttl: '60s', collapse_key: 'chat:1', notification: { tag: 'chat:1', notification_count: 3 } },
        apns: { headers: { 'apns-priority': '10' }, payload: { aps: { badge: 3, sound: 'default' } } },
      },
    });
  });

  it('sends data alone when nothing is to be shown', async () => {
    await provider.send(device, pushMessage({ kind: 'background', title: undefined, body: undefined, priority: 'normal' }));
    const { message } = fcm.received[0]!;
    expect(message).not.toHaveProperty('notification');
    expect(message['android']).toEqual({ priority: 'normal', ttl: '60s' });
    expect(message['apns'].payload.aps).toEqual({ 'content-available': 1 });
  });

  it('shortens a long body to the limit, and refuses data that is over it', async () => {
    await provider.send(device, pushMessage({ body: '☂'.repeat(4_000) }));
    const { notification, data } = fcm.received[0]!.message;
    expect(notification.body).toMatch(/^☂+…$/);
    expect(Buffer.byteLength(JSON.stringify([data, notification]))).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(notification.body)).toBeGreaterThan(3_000);
    expect(await provider.send(device, pushMessage({ data: { x: 'x'.repeat(5_000) } }))).toEqual({ kind: 'fail', reason: 'payload_too_large' });
    expect(fcm.received).toHaveLength(1);
  });

  it('keeps its connections', async () => {
    const before = fcm.connections;
    for (let i = 0; i < 20; i++) await provider.send(device, pushMessage());
    expect(fcm.connections - before).toBeLessThanOrEqual(1);
  });
});

describe('the access token', () => {
  /** Fails as Google's library does: with the answer of the token server, when there was one. */
  const failing = (status?: number) => ({
    getAccessToken: () => Promise.reject(Object.assign(new Error('no token'), status === undefined ? { code: 'ENOTFOUND' } : { response: { status } })),
  });

  it.each([
    [400, { kind: 'misconfigured', reason: 'invalid-credential' }],
    [503, { kind: 'retry', reason: 'network', fault: true }],
    [undefined, { kind: 'retry', reason: 'network', fault: true }],
  ])('when its server answers %j, no message is sent', async (status, outcome) => {
    const refused = await open({ credential: failing(status) });
    expect(await refused.send(device, pushMessage())).toMatchObject(outcome);
    expect(fcm.received).toHaveLength(0);
    await refused.close?.();
  });
});

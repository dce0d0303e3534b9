import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApns, type ApnsAnswer, type FakeApns } from '../../../../test/support/services/apns.ts';
import { openApns } from '../../src/adapters/apns.ts';
import type { Outcome, PushProvider } from '../../src/notifications/port.ts';
import { deviceOf, pushMessage } from '../support/messages.ts';

let apns: FakeApns;
let provider: PushProvider;
const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const open = () => openApns({ key, keyId: 'ABCDE12345', teamId: 'TEAM123456', topic: 'com.example.app', production: false, server: apns.server });
const token = 'ab'.repeat(32);
const registeredAt = new Date('2026-01-01T00:00:00Z');
const device = deviceOf({ platform: 'apns', token }, registeredAt);
const phone = deviceOf({ platform: 'apns-voip', token });

beforeAll(async () => {
  apns = await startApns();
  provider = await open();
});
afterAll(async () => {
  await provider.close?.();
  await apns.close();
});
beforeEach(() => {
  apns.received.length = 0;
  apns.answer = () => 'ok';
});

const drop = (reason: string): Outcome => ({ kind: 'drop', reason });
const fail = (reason: string): Outcome => ({ kind: 'fail', reason });
const alarm = (reason: string): Outcome => ({ kind: 'misconfigured', reason });
const later = (reason: string, fault = false): Outcome => ({ kind: 'retry', reason, fault });
const rows: [status: number, reason: string, outcome: Outcome][] = [
  ...['BadCollapseId', 'BadExpirationDate', 'BadMessageId', 'BadPriority', 'DuplicateHeaders', 'InvalidPushType', 'MissingDeviceToken', 'PayloadEmpty'].map(
    (reason): [number, string, Outcome] => [400, reason, fail(reason)],
  ),
  [400, 'BadDeviceToken', drop('BadDeviceToken')],
  [400, 'DeviceTokenNotForTopic', drop('DeviceTokenNotForTopic')],
  [400, 'IdleTimeout', later('IdleTimeout')],
  [400, 'BadTopic', alarm('BadTopic')],
  [400, 'MissingTopic', alarm('MissingTopic')],
  [400, 'TopicDisallowed', alarm('TopicDisallowed')],
  ...['BadCertificate', 'BadCertificateEnvironment', 'BadEnvironmentKeyIdInToken', 'ExpiredProviderToken', 'Forbidden', 'InvalidProviderToken', 'MissingProviderToken', 'UnrelatedKeyIdInToken'].map(
    (reason): [number, string, Outcome] => [403, reason, alarm(reason)],
  ),
  [404, 'BadPath', fail('BadPath')],
  [405, 'MethodNotAllowed', fail('MethodNotAllowed')],
  [410, 'Unregistered', drop('Unregistered')],
  [410, 'ExpiredToken', drop('ExpiredToken')],
  [413, 'PayloadTooLarge', fail('PayloadTooLarge')],
  [429, 'TooManyProviderTokenUpdates', alarm('TooManyProviderTokenUpdates')],
  [429, 'TooManyRequests', later('TooManyRequests')],
  [500, 'InternalServerError', later('status_500', true)],
  [503, 'ServiceUnavailable', later('ServiceUnavailable', true)],
  [503, 'Shutdown', later('Shutdown', true)],
];

describe('what APNs answers', () => {
  it.each(rows)('%i %s', async (status, reason, outcome) => {
    expect(await provider.send(device, pushMessage())).toMatchObject({ kind: 'sent' });
    apns.answer = () => ({ status, reason, ...(status === 410 ? { timestamp: registeredAt.getTime() + 1_000 } : {}) });
    expect(await provider.send(device, pushMessage())).toEqual(outcome);
    expect(apns.received).toHaveLength(2);
  });

  it('keeps a token that the app registered after Apple had seen it end', async () => {
    apns.answer = () => ({ status: 410, reason: 'Unregistered', timestamp: registeredAt.getTime() - 1_000 });
    expect(await provider.send(device, pushMessage())).toEqual(later('Unregistered'));
    expect(await provider.send(deviceOf(device.target), pushMessage())).toEqual(drop('Unregistered'));
  });

  it.each(['BadDeviceToken', 'DeviceTokenNotForTopic'])('takes %s for no proof before a first message was taken: the environment may be the wrong one', async (reason) => {
    const fresh = await open();
    apns.answer = () => ({ status: 400, reason });
    expect(await fresh.send(device, pushMessage())).toEqual(fail(reason));
    await fresh.close?.();
  });

  it('tries later when a connection breaks, and when one error breaks it for others', async () => {
    apns.answer = () => 'goaway';
    expect(await provider.send(device, pushMessage())).toMatchObject({ kind: 'retry', fault: true });
    const answers: (ApnsAnswer | 'ok')[] = [{ status: 500, reason: 'InternalServerError' }, ...Array<'ok'>(9).fill('ok')];
    apns.answer = () => answers.shift() ?? 'ok';
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => provider.send(device, pushMessage())));
    expect(new Set(outcomes.map(({ kind }) => kind)).difference(new Set(['sent', 'retry'])).size).toBe(0);
    expect(await provider.send(device, pushMessage())).toMatchObject({ kind: 'sent' });
  });
});

describe('what APNs is sent', () => {
  it('an alert', async () => {
    const message = pushMessage({ collapseKey: 'chat:1', tag: 'chat:1', badge: 4 });
    expect(await provider.send(device, message)).toEqual({ kind: 'sent', id: message.id });
    expect(apns.received[0]).toMatchObject({
      token,
      headers: { 'apns-topic': 'com.example.app', 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-id': message.id, 'apns-collapse-id': 'chat:1' },
      payload: { aps: { alert: { title: 'Hello', body: 'You have a message.' }, badge: 4, sound: 'default' }, chat: 7, notification_id: 'n-1' },
    });
    expect(Number(apns.received[0]!.headers['apns-expiration'])).toBeGreaterThan(Date.now() / 1_000);
  });

  it('nothing to be shown: a background push of low priority', async () => {
    expect(await provider.send(device, pushMessage({ kind: 'background', title: undefined, body: undefined }))).toMatchObject({ kind: 'sent' });
    expect(apns.received[0]).toMatchObject({ headers: { 'apns-push-type': 'background', 'apns-priority': '5' }, payload: { aps: { 'content-available': 1 } } });
    expect(apns.received[0]!.payload['aps']).not.toHaveProperty('alert');
  });

  it('a call, to the topic of calls', async () => {
    expect(await provider.send(phone, pushMessage({ kind: 'voip', ttlS: 0, data: { call_id: 'c-1' } }))).toMatchObject({ kind: 'sent' });
    expect(apns.received[0]).toMatchObject({ headers: { 'apns-topic': 'com.example.app.voip', 'apns-push-type': 'voip', 'apns-expiration': '0' }, payload: { call_id: 'c-1' } });
  });

  it('a body cut to fit, and a long tag as its hash', async () => {
    expect(await provider.send(device, pushMessage({ body: '"'.repeat(4_096), tag: 'n'.repeat(128) }))).toMatchObject({ kind: 'sent' });
    expect(apns.received[0]!.headers['apns-collapse-id']).toHaveLength(43);
    expect(await provider.send(device, pushMessage({ data: { x: 'x'.repeat(5_000) } }))).toEqual(fail('payload_too_large'));
  });

  it('all over one connection', async () => {
    const before = apns.connections;
    await Promise.all(Array.from({ length: 50 }, () => provider.send(device, pushMessage())));
    expect(apns.connections - before).toBeLessThanOrEqual(1);
  });
});

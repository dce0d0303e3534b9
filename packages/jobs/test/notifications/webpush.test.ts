import { createECDH } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWebPush, type FakeWebPush, type WebPushAnswer } from '../../../../test/support/services/webpush.ts';
import { openWebPush } from '../../src/adapters/webpush.ts';
import type { Outcome, PushProvider } from '../../src/notifications/port.ts';
import { isPublicAddress } from '../../src/outside/address.ts';
import { deviceOf, pushMessage } from '../support/messages.ts';

const vapid = createECDH('prime256v1');
const keys = { publicKey: vapid.generateKeys().toString('base64url'), privateKey: vapid.getPrivateKey().toString('base64url'), subject: 'mailto:ops@example.com' };
let service: FakeWebPush;
let provider: PushProvider;
const device = (path: string, host?: string) => deviceOf({ platform: 'webpush', subscription: service.subscribe(path, host) });

beforeAll(async () => {
  service = await startWebPush();
  provider = await openWebPush({ ...keys, door: service.door });
});
afterAll(async () => {
  await provider.close?.();
  await service.close();
});
beforeEach(() => {
  service.received.length = 0;
  service.answer = () => 'ok';
});

const later = (reason: string, fault: boolean, afterMs?: number): Outcome => ({ kind: 'retry', reason, fault, afterMs });
const rows: [what: string, answer: WebPushAnswer | 'reset', outcome: Outcome][] = [
  ['201', { status: 201, headers: { location: '/m/1' } }, { kind: 'sent', id: '/m/1' }],
  ['200', { status: 200 }, { kind: 'sent', id: undefined }],
  ['202', { status: 202 }, { kind: 'sent', id: undefined }],
  ['400', { status: 400 }, { kind: 'fail', reason: 'status_400' }],
  ['400 of a subscription of another key', { status: 400, body: '{"reason":"VapidPkHashMismatch"}' }, { kind: 'fail', reason: 'vapid_mismatch' }],
  ['401', { status: 401 }, { kind: 'misconfigured', reason: 'status_401' }],
  ['403', { status: 403, body: '{"reason":"BadJwtToken"}' }, { kind: 'misconfigured', reason: 'status_403' }],
  ['403 of a subscription of another key', { status: 403, body: 'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.' }, { kind: 'fail', reason: 'vapid_mismatch' }],
  ['404', { status: 404 }, { kind: 'drop', reason: 'status_404' }],
  ['410', { status: 410 }, { kind: 'drop', reason: 'status_410' }],
  ['413', { status: 413 }, { kind: 'fail', reason: 'status_413' }],
  ['429', { status: 429, headers: { 'retry-after': '11' } }, later('status_429', false, 11_000)],
  ['500', { status: 500 }, later('status_500', true)],
  ['503', { status: 503, headers: { 'retry-after': 'soon' } }, later('status_503', true)],
  ['a redirect, which is not followed', { status: 307, headers: { location: 'https://other.push.test/' } }, { kind: 'fail', reason: 'status_307' }],
  ['an answer without end', { status: 410, body: 'x'.repeat(1_000_000) }, { kind: 'drop', reason: 'status_410' }],
  ['a lost connection', 'reset', later('no_answer: ECONNRESET', false)],
];

describe('what a push service answers', () => {
  it.each(rows)('%s', async (what, answer, outcome) => {
    service.answer = () => answer;
    expect(await provider.send(device(`/row/${encodeURIComponent(what)}`), pushMessage())).toEqual(outcome);
    expect(service.received).toHaveLength(1);
  });
});

describe('what a browser gets', () => {
  it('the message, encrypted, with how long and how urgently to keep it', async () => {
    await provider.send(device('/a'), pushMessage({ badge: 2, data: { deep: { a: 1 } } }));
    expect(service.received[0]).toMatchObject({
      headers: { ttl: '60', urgency: 'high' },
      payload: { notification_id: 'n-1', kind: 'alert', title: 'Hello', body: 'You have a message.', tag: 'n-1', badge: 2, data: { deep: { a: 1 } } },
    });
  });

  it('the same topic for the same notification, so that a service keeps one of two', async () => {
    const one = device('/b');
    await provider.send(one, pushMessage());
    await provider.send(one, pushMessage());
    await provider.send(one, pushMessage({ tag: 'n-2' }));
    const [first, second, third] = service.received.map(({ headers }) => headers['topic']);
    expect([second === first, third === first]).toEqual([true, false]);
  });

  it('a shortened text, over connections that are kept', async () => {
    const one = device('/c');
    const before = service.connections;
    for (let i = 0; i < 5; i++) expect(await provider.send(one, pushMessage({ body: 'é'.repeat(4_096) }))).toMatchObject({ kind: 'sent' });
    expect(service.received[0]!.payload!['body']).toMatch(/^é+…$/);
    expect(service.connections - before).toBeLessThanOrEqual(1);
    expect(await provider.send(one, pushMessage({ data: { x: 'x'.repeat(5_000) } }))).toEqual({ kind: 'fail', reason: 'payload_too_large' });
  });
});

describe('the door', () => {
  const refused = { kind: 'fail', reason: 'endpoint_refused' };

  it.each([
    ['127.0.0.1', 4], ['10.0.0.7', 4], ['169.254.169.254', 4], ['192.168.1.1', 4], ['::1', 6], ['fd00::1', 6], ['::ffff:127.0.0.1', 6],
  ])('is closed for a name that leads to %s', async (address, family) => {
    const guarded = await openWebPush({ ...keys, door: { ca: service.door.ca, resolve: async () => [{ address, family }] } });
    expect(await guarded.send(device('/private'), pushMessage())).toEqual(refused);
    expect(service.received).toHaveLength(0);
    await guarded.close?.();
  });

  it('is closed when one of several addresses is private', async () => {
    const resolve = async () => [{ address: '93.184.216.34', family: 4 }, { address: '127.0.0.1', family: 4 }];
    const guarded = await openWebPush({ ...keys, door: { ca: service.door.ca, allow: isPublicAddress, resolve } });
    expect(await guarded.send(device('/mixed'), pushMessage())).toEqual(refused);
    await guarded.close?.();
  });

  it.each(['127.0.0.1', '[::1]', '2130706433', '0x7f.1'])('is closed for the literal %s', async (host) => {
    const subscription = { ...service.subscribe('/literal'), endpoint: `https://${host}/literal` };
    expect(await provider.send(deviceOf({ platform: 'webpush', subscription }), pushMessage())).toEqual(refused);
  });

  it('fails what has no keys', async () => {
    const subscription = { ...service.subscribe('/keys'), keys: { p256dh: 'A'.repeat(87), auth: 'A'.repeat(22) } };
    expect(await provider.send(deviceOf({ platform: 'webpush', subscription }), pushMessage())).toEqual({ kind: 'fail', reason: 'invalid_token' });
  });
});

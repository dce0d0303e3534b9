import { devMailbox, notificationDeliveries, notifications, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { createUnsubscribeSigner } from '@armoricore/shared/notifications';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

const SECRET = 'another-secret-of-the-tests-with-32-characters';
const VAPID_PUBLIC_KEY = `B${'a'.repeat(86)}`;
let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
let service: string;
let serial = 0;

const stranger = async (): Promise<{ id: string; token: string }> => {
  const id = `user-${(serial += 1)}`;
  return { id, token: await realtime.token(id) };
};
const call = (method: string, path: string, token?: string, body?: unknown) => realtime.call(method, `/api/v1${path}`, { ...(token === undefined ? {} : { token }), ...(body === undefined ? {} : { body }) });
const fcm = (): object => ({ platform: 'fcm', token: `device-of-the-test:${(serial += 1)}:abcdef` });
const subscription = { endpoint: 'https://push.example.com/abc', keys: { p256dh: `B${'a'.repeat(86)}`, auth: 'a'.repeat(22) } };

beforeAll(async () => {
  realtime = await startRealtime({ NODE_ENV: 'development', SECRET_KEY_BASE: SECRET, VAPID_PUBLIC_KEY, NOTIFY_DEVICES_PER_USER: '3' });
  database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
  service = await realtime.token('backend', { roles: ['service'] });
});
afterAll(async () => {
  await database.stop();
  await realtime.stop();
});

describe('devices', () => {
  it('are registered, listed without their tokens, and forgotten', async () => {
    const { token } = await stranger();
    const { status, body } = await call('POST', '/devices', token, { ...fcm(), locale: 'de-at', timezone: 'Europe/Vienna', app: 'Web 1.0' });
    expect([status, body.device]).toEqual([201, expect.objectContaining({ platform: 'fcm', address: '…abcdef', locale: 'de-AT', timezone: 'Europe/Vienna', app: 'Web 1.0' })]);
    expect((await call('POST', '/devices', token, { platform: 'webpush', subscription })).body.device).toMatchObject({ platform: 'webpush', address: 'push.example.com' });
    const listed = await call('GET', '/devices', token);
    expect(listed.body.devices.map((device: any) => device.platform)).toEqual(['webpush', 'fcm']);
    expect(listed.body.webpush_public_key).toBe(VAPID_PUBLIC_KEY);
    expect(JSON.stringify(listed.body)).not.toContain('p256dh');
    expect((await call('DELETE', `/devices/${body.device.device_id}`, token)).status).toBe(204);
    expect((await call('DELETE', `/devices/${body.device.device_id}`, token)).status).toBe(404);
    expect((await call('DELETE', '/devices', token, { token: subscription.endpoint })).status).toBe(204);
    expect((await call('GET', '/devices', token)).body.devices).toEqual([]);
  });

  it('are the same when they come again, and move to who registers them last', async () => {
    const [one, other] = [await stranger(), await stranger()];
    const device = fcm();
    const first = await call('POST', '/devices', one.token, device);
    const again = await call('POST', '/devices', one.token, device);
    expect([again.status, again.body.device.device_id]).toEqual([200, first.body.device.device_id]);
    expect(Date.parse(again.body.device.registered_at)).toBeGreaterThanOrEqual(Date.parse(first.body.device.registered_at));
    await call('POST', '/devices', other.token, device);
    expect((await call('GET', '/devices', one.token)).body.devices).toEqual([]);
    expect((await call('GET', '/devices', other.token)).body.devices).toHaveLength(1);
    expect((await call('DELETE', `/devices/${first.body.device.device_id}`, one.token)).status).toBe(404);
  });

  it('are so many for a user and no more: the one that registered longest ago goes', async () => {
    const { token } = await stranger();
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await call('POST', '/devices', token, fcm())).body.device.device_id);
    expect((await call('GET', '/devices', token)).body.devices.map((device: any) => device.device_id)).toEqual(ids.slice(2).toReversed());
  });

  it.each([
    [{ platform: 'fcm' }],
    [{ platform: 'fcm', token: 'with space' }],
    [{ platform: 'apns', token: 'no hex' }],
    [{ platform: 'sms', token: '123' }],
    [{ platform: 'webpush', subscription: { ...subscription, endpoint: 'http://push.example.com/' } }],
    [{ platform: 'webpush', subscription: { ...subscription, endpoint: 'https://127.0.0.1:8080/' } }],
    [{ platform: 'webpush', subscription: { ...subscription, endpoint: 'https://localhost/' } }],
    [{ platform: 'webpush', subscription: { ...subscription, keys: {} } }],
    [{ platform: 'fcm', token: 'device:1:abcdef', timezone: 'Mars/Olympus' }],
    [{ platform: 'fcm', token: 'device:1:abcdef', locale: 'not a tag' }],
    [{ platform: 'fcm', token: 'device:1:abcdef', more: 1 }],
  ])('are not %j', async (body) => {
    const { token } = await stranger();
    expect(await call('POST', '/devices', token, body)).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
    expect((await call('POST', '/devices', undefined, body)).status).toBe(401);
  });
});

describe('preferences', () => {
  const wishes = { categories: { news: { push: true, email: false, quiet: 'drop' } }, quiet_hours: { start: '22:00', end: '07:00', timezone: 'Europe/Berlin' }, locale: 'de' };

  it('are the user’s own to read and set', async () => {
    const { id, token } = await stranger();
    expect((await call('GET', `/users/${id}/preferences`, token)).body).toEqual({ preferences: { categories: {}, quiet_hours: null, locale: null }, contact: { email: null, refused_at: null } });
    expect((await call('PUT', `/users/${id}/preferences`, token, wishes)).body).toEqual({ preferences: wishes });
    expect((await call('GET', `/users/${id}/preferences`, token)).body.preferences).toEqual(wishes);
    const other = await stranger();
    expect((await call('GET', `/users/${id}/preferences`, other.token)).status).toBe(403);
    expect((await call('PUT', `/users/${id}/preferences`, other.token, wishes)).status).toBe(403);
    expect((await call('GET', `/users/${id}/preferences`, await realtime.token('root', { roles: ['admin'] }))).status).toBe(200);
  });

  it.each([{ quiet_hours: { start: '22:00', end: '25:00', timezone: 'UTC' } }, { quiet_hours: { start: '1:00', end: '2:00', timezone: 'UTC' } }, { categories: { 'a b': {} } }, { categories: { a: { push: 'yes' } } }, { other: 1 }])('are not %j', async (body) => {
    const { id, token } = await stranger();
    expect((await call('PUT', `/users/${id}/preferences`, token, body)).status).toBe(422);
  });

  it('leave the address to the backend', async () => {
    const { id, token } = await stranger();
    expect((await call('PUT', `/users/${id}/contact`, token, { email: 'a@example.org' })).status).toBe(403);
    expect((await call('PUT', `/users/${id}/contact`, service, { email: 'a@example.org' })).body).toEqual({ contact: { email: 'a@example.org', refused_at: null } });
    expect((await call('GET', `/users/${id}/preferences`, token)).body.contact.email).toBe('a@example.org');
    for (const email of ['a@b.example,c@d.example', 'a@b.example\r\nBcc: x@y.example', 'none']) expect((await call('PUT', `/users/${id}/contact`, service, { email })).status).toBe(422);
    expect((await call('PUT', `/users/${id}/contact`, service, { email: null })).body.contact.email).toBeNull();
  });
});

describe('the link of a mail', () => {
  const signer = createUnsubscribeSigner(SECRET);
  const at = (token: string, init?: RequestInit) => fetch(`${realtime.url}/api/v1/unsubscribe?token=${encodeURIComponent(token)}`, init);

  it.each([
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'List-Unsubscribe=One-Click'],
    ['as a form of several parts', { 'content-type': 'multipart/form-data; boundary=b' }, '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'],
    ['without a body', {}, undefined],
  ])('ends the mails of the category by one POST, %s', async (_what, headers, body) => {
    const { id, token } = await stranger();
    const link = signer.sign({ userId: id, category: 'news' });
    const shown = await at(link);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await shown.text()).toContain('<form method="post"><button>Unsubscribe</button>');
    expect((await call('GET', `/users/${id}/preferences`, token)).body.preferences.categories).toEqual({}); // A scanner that looks ends nothing.
    const done = await at(link, { method: 'POST', headers: headers as Record<string, string>, ...(body === undefined ? {} : { body }) });
    expect(done.status).toBe(200);
    expect((await call('GET', `/users/${id}/preferences`, token)).body.preferences.categories).toEqual({ news: { push: true, email: false, quiet: 'digest' } });
  });

  it('does nothing when it was not signed by us', async () => {
    for (const wrong of ['x', `${signer.sign({ userId: 'a', category: 'b' })}x`, createUnsubscribeSigner('t'.repeat(32)).sign({ userId: 'a', category: 'b' })]) {
      expect((await at(wrong, { method: 'POST' })).status).toBe(403);
    }
  });
});

describe('templates', () => {
  const texts = { title: 'Hi {{name}}', body: 'Welcome.', subject: 'Welcome', html: '<b>{{name}}</b>' };

  it('are made, changed, read and removed by the backend', async () => {
    expect(await call('PUT', '/templates/welcome/de-at', service, texts)).toMatchObject({ status: 201, body: { template: { name: 'welcome', locale: 'de-AT', ...texts } } });
    expect((await call('PUT', '/templates/welcome/de-AT', service, { title: 'Servus', body: '' })).status).toBe(200);
    const { template } = (await call('GET', '/templates/welcome/de-AT', service)).body;
    expect(template).toEqual({ name: 'welcome', locale: 'de-AT', title: 'Servus', body: '', updated_at: expect.any(String) });
    expect((await call('GET', '/templates', service)).body.templates).toHaveLength(1);
    expect((await call('DELETE', '/templates/welcome/de-AT', service)).status).toBe(204);
    expect((await call('GET', '/templates/welcome/de-AT', service)).status).toBe(404);
    const admin = await realtime.token('root', { roles: ['admin'] });
    expect((await call('GET', '/audit?subject=template:welcome/de-AT', admin)).body.audit.map(({ action }: any) => action)).toEqual(['template.delete', 'template.put', 'template.put']);
  });

  it('are refused with broken places, wrong names, and from users', async () => {
    const { token } = await stranger();
    expect((await call('PUT', '/templates/welcome/en', token, texts)).status).toBe(403);
    for (const body of [{ title: '{{a b}}', body: '' }, { title: 'x' }, { ...texts, more: 1 }, { title: 'a\0', body: '' }]) expect((await call('PUT', '/templates/welcome/en', service, body)).status).toBe(422);
    expect((await call('PUT', '/templates/No Name/en', service, texts)).status).toBe(422);
    expect((await call('PUT', '/templates/welcome/not_a_tag', service, texts)).status).toBe(422);
  });
});

describe('the log', () => {
  it('tells a user of his notifications, page by page, and of each delivery', async () => {
    const { id: userId, token } = await stranger();
    const at = new Date('2026-01-01T00:00:00Z');
    const rows = Array.from({ length: 5 }, (_, i) => ({ id: `n-${userId}-${i}`, userId, category: 'news', title: `T${i}`, body: '', data: { i }, createdAt: i < 2 ? at : new Date(at.getTime() + i) }));
    await database.db.insert(notifications).values(rows);
    const fields = { channel: 'push', platform: 'fcm', deviceKey: 'k', address: '…abcdef', state: 'failed', reason: 'INTERNAL', jobId: 'j' } as const;
    await database.db.insert(notificationDeliveries).values({ id: newId(), notificationId: rows[0]!.id, userId, ...fields });
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const { body } = await call('GET', `/notifications?limit=2${next === '' ? '' : `&before=${encodeURIComponent(next)}`}`, token);
      seen.push(...body.notifications.map(({ title }: any) => title));
      next = body.next;
    }
    expect(seen).toEqual(['T4', 'T3', 'T2', 'T1', 'T0']);
    const one = await call('GET', `/notifications/${rows[0]!.id}`, token);
    expect(one.body).toMatchObject({ notification: { title: 'T0', data: { i: 0 }, finished_at: null }, deliveries: [{ channel: 'push', platform: 'fcm', status: 'failed', reason: 'INTERNAL', address: '…abcdef' }] });
    expect((await call('GET', `/notifications/${rows[0]!.id}`, service)).status).toBe(200);
    expect((await call('GET', `/notifications/${rows[0]!.id}`, (await stranger()).token)).status).toBe(404);
    expect((await call('GET', '/notifications?before=nonsense', token)).status).toBe(200);
  });
});

describe('the local mailbox', () => {
  it('shows what would have been sent, as text and to this machine alone', async () => {
    const message = { subject: '<script>alert(1)</script>', text: 'Hello "there"', html: '<img src=x onerror=alert(1)>' };
    await database.db.insert(devMailbox).values({ id: newId(), kind: 'email', recipient: 'anna@example.org', message });
    const shown = await fetch(`${realtime.url}/dev/mailbox`);
    const html = await shown.text();
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/<(script|img)/);
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await fetch(`${realtime.url}/dev/mailbox`, { headers: { 'x-forwarded-for': '1.2.3.4' } })).status).toBe(404);
  });
});

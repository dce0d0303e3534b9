import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, notificationConfig } from '@armoricore/shared/config';
import { devMailbox, type Database } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { createMetrics } from '@armoricore/shared/ops';
import { openDevMailbox } from '../../src/adapters/dev-mailbox.ts';
import { openNotifications } from '../../src/adapters/notifications.ts';
import { startNotificationLab, type NotificationLab } from '../support/notification-lab.ts';
import { deviceOf, pushMessage } from '../support/messages.ts';

describe('without credentials', () => {
  let lab: NotificationLab;
  beforeAll(async () => {
    lab = await startNotificationLab({}, { development: true });
  });
  afterAll(() => lab.close());

  it('what would be sent is in the local mailbox', async () => {
    const to = { tokens: ['of-the-event:1'], emails: ['anna@example.org'] };
    const id = await lab.request({ channels: ['push', 'email'], to });
    expect((await lab.results(id))[0]!.payload.counts).toMatchObject({ sent: 2 });
    const kept = await lab.database.db.select().from(devMailbox);
    expect(kept.map(({ kind, recipient }) => `${kind} to ${recipient}`).toSorted()).toEqual(['email to anna@example.org', 'push to fcm …-the-event:1']);
    expect(kept.find(({ kind }) => kind === 'email')!.message).toMatchObject({ subject: 'Hello', text: 'You have a message.' });
  });

  it('which holds the newest two hundred', async () => {
    const { push } = openDevMailbox(lab.database.db, silentLog);
    for (let i = 0; i < 210; i++) await push.send(deviceOf({ platform: 'fcm', token: 'of-the-test:1' }), pushMessage({ title: `T${i}` }));
    const titles = (await lab.database.db.select().from(devMailbox)).map(({ message }) => message['title']);
    expect(titles).toHaveLength(200);
    expect(titles).toContain('T209');
    expect(titles).not.toContain('T0');
  });

  it('nothing is sent outside of development, and that is said', async () => {
    const plain = await startNotificationLab({});
    try {
      const id = await plain.request({ to: { tokens: ['of-the-event:1'] } });
      expect((await plain.results(id))[0]).toMatchObject({ event_type: 'notification.failed', payload: { reason: 'not_delivered', deliveries: [{ reason: 'not_configured' }] } });
    } finally {
      await plain.close();
    }
  });
});

describe('credentials', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const { privateKey: appleKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const account = JSON.stringify({ project_id: 'test', client_email: 'push@test.iam.gserviceaccount.com', private_key: privateKey });
  const apns = { APNS_KEY: appleKey.replaceAll('\n', '\\n'), APNS_KEY_ID: 'ABCDE12345', APNS_TEAM_ID: 'TEAM123456', APNS_TOPIC: 'com.example.app' };
  const open = async (env: Record<string, string>) => {
    const { notifications: config } = loadConfig({ notifications: notificationConfig }, env);
    return await openNotifications({ db: {} as Database, config, development: false, secret: 's'.repeat(32), publicUrl: 'https://example.com', metrics: createMetrics(newId()), log: silentLog });
  };
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'credentials-'));
    await writeFile(join(folder, 'account.json'), account);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('make providers of all kinds, each with a service and a breaker', async () => {
    const webpush = { VAPID_PUBLIC_KEY: `B${'a'.repeat(86)}`, VAPID_PRIVATE_KEY: 'a'.repeat(43), VAPID_SUBJECT: 'mailto:ops@example.com' };
    const { services, breakers } = await open({ FIREBASE_SERVICE_ACCOUNT: `@${join(folder, 'account.json')}`, ...apns, ...webpush, MAIL_URL: 'smtp://127.0.0.1:1', MAIL_FROM: 'Us <us@example.com>' });
    expect(services.map(({ name }) => name)).toEqual(['fcm', 'apns', 'webpush', 'email']);
    expect(breakers.map(({ name }) => name)).toEqual(['fcm', 'apns', 'webpush', 'email']);
    for (const service of services) await service.stop?.();
  });

  it.each([
    [{ FIREBASE_PROJECT_ID: 'test' }, /^FIREBASE_SERVICE_ACCOUNT: is not set/],
    [{ FIREBASE_SERVICE_ACCOUNT: '{}' }, /^FIREBASE_SERVICE_ACCOUNT: is no service account/],
    [{ FIREBASE_SERVICE_ACCOUNT: '@/no/such/file' }, /^FIREBASE_SERVICE_ACCOUNT: names a file that cannot be read \(ENOENT\)/],
    [{ FIREBASE_SERVICE_ACCOUNT: JSON.stringify({ project_id: 'p', client_email: 'c', private_key: 'k' }) }, /^FIREBASE_SERVICE_ACCOUNT: has no private key/],
    [{ APNS_KEY_ID: 'ABCDE12345', APNS_KEY: 'x' }, /^APNS_TEAM_ID: is not set; needed: it, as APNS_KEY is set\nAPNS_TOPIC: is not set/],
    [{ ...apns, APNS_KEY: '-----BEGIN PRIVATE KEY-----\nnone' }, /^APNS_KEY: is no private key/],
    [{ ...apns, APNS_KEY: '/etc/passwd' }, /^APNS_KEY: is no private key/],
    [{ VAPID_PUBLIC_KEY: 'B'.repeat(87) }, /^VAPID_PRIVATE_KEY: is not set/],
    [{ MAIL_URL: 'smtp://127.0.0.1' }, /^MAIL_FROM: is not set/],
    [{ MAIL_URL: 'smtp://127.0.0.1', MAIL_FROM: 'nobody' }, /^MAIL_FROM: is "nobody"; needed: an address/],
  ])('that are wrong stop the start: %j', async (env, message) => {
    const refused = open(env as Record<string, string>);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/BEGIN PRIVATE/);
  });
});

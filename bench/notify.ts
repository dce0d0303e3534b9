/**
 * Sends per second of each provider against its fake, over the connections that the adapter keeps, and of the whole way: event, job,
 * row, call, outcome: `npm run bench -- notify [--only fcm,apns,webpush,smtp,ses,sendgrid,whole] [--sends N] [--at-once N]
 * [--notifications N] [--json FILE]`. The fakes run in a thread of their own, and decrypt or parse what comes.
 */
import { createECDH, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { loadConfig, notificationConfig } from '@armoricore/shared/config';
import { createEvent } from '@armoricore/shared/events';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { createMetrics } from '@armoricore/shared/ops';
import { sql } from 'drizzle-orm';
import { openApns } from '../packages/jobs/src/adapters/apns.ts';
import { openFcm } from '../packages/jobs/src/adapters/fcm.ts';
import { openMail } from '../packages/jobs/src/adapters/mail.ts';
import { openNotifications } from '../packages/jobs/src/adapters/notifications.ts';
import { openWebPush } from '../packages/jobs/src/adapters/webpush.ts';
import { createTriggerBridge } from '../packages/jobs/src/bridge/triggers.ts';
import { createFarm } from '../packages/jobs/src/core/index.ts';
import type { MailMessage, Outcome, PushMessage, PushProvider } from '../packages/jobs/src/notifications/port.ts';
import { fcmAgent } from '../test/support/services/fcm.ts';
import { TEST_CA } from '../test/support/services/certificate.ts';
import type { Fakes, Taken } from './load/notify-fakes.ts';
import { openPlace } from './load/place.ts';
import { bounded, chosen, report, type Result } from './load/report.ts';

const NAMES = { fcm: true, apns: true, webpush: true, smtp: true, ses: true, sendgrid: true, whole: true };
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(NAMES).join(',') },
    sends: { type: 'string', default: '3000' },
    'at-once': { type: 'string', default: '64' },
    notifications: { type: 'string', default: '2000' },
    json: { type: 'string' },
  },
});
const sends = bounded('sends', values.sends, 100, 1_000_000);
const atOnce = bounded('at-once', values['at-once'], 1, 100);
const wholeSize = bounded('notifications', values.notifications, 100, 100_000);

const push: PushMessage = { id: newId(), notificationId: 'n-1', kind: 'alert', title: 'Hello', body: 'You have a message.', data: { chat: 7 }, tag: 'n-1', priority: 'high', ttlS: 60 };
const mail: MailMessage = { id: 'd-1', subject: 'Hello', text: 'You have a message.', html: '<p>You have a message.</p>', unsubscribeUrl: 'https://example.com/u?token=x' };
const from = 'hello@example.com';
const { privateKey: appleKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const accessToken = { access_token: 'of-the-bench', expires_in: 3600 };

const thread = new Worker(new URL('load/notify-fakes.ts', import.meta.url));
const [fakes] = (await once(thread, 'message')) as [Fakes];
async function taken(): Promise<Taken> {
  const answer = once(thread, 'message');
  thread.postMessage('taken?');
  return ((await answer) as [Taken])[0];
}

const openTestFcm = (): Promise<PushProvider> => openFcm({ projectId: 'test', credential: { getAccessToken: () => Promise.resolve(accessToken) }, agent: fcmAgent(fakes.fcmPort) });

interface Contestant {
  send(): Promise<Outcome>;
  close(): Promise<void> | void;
}
const pushBy = (provider: PushProvider, target: Parameters<PushProvider['send']>[0]['target']): Contestant => ({
  send: () => provider.send({ target, registeredAt: null }, push),
  close: () => provider.close?.(),
});
const mailBy = async (url: string): Promise<Contestant> => {
  const provider = await openMail({ url, from });
  return { send: () => provider.send('anna@example.org', mail), close: () => provider.close?.() };
};
const CONTESTANTS: Record<Exclude<keyof typeof NAMES, 'whole'>, () => Promise<Contestant>> = {
  fcm: async () => pushBy(await openTestFcm(), { platform: 'fcm', token: 'token:of-the-bench' }),
  apns: async () =>
    pushBy(await openApns({ key: appleKey, keyId: 'ABCDE12345', teamId: 'TEAM123456', topic: 'com.example.app', production: false, server: fakes.apns }), { platform: 'apns', token: 'ab'.repeat(32) }),
  webpush: async () => {
    const vapid = createECDH('prime256v1');
    const publicKey = vapid.generateKeys().toString('base64url');
    const privateKey = vapid.getPrivateKey().toString('base64url');
    const door = { ca: TEST_CA, allow: () => true, resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) };
    return pushBy(await openWebPush({ publicKey, privateKey, subject: 'mailto:ops@example.com', door }), { platform: 'webpush', subscription: fakes.subscription });
  },
  smtp: () => mailBy(fakes.smtpUrl),
  ses: () => mailBy(`ses://KEY:SECRET@eu-west-1?endpoint=${fakes.apisUrl}`),
  sendgrid: () => mailBy(`sendgrid://SG.key@api.sendgrid.com?endpoint=${fakes.apisUrl}`),
};

async function race(name: keyof typeof CONTESTANTS): Promise<Result> {
  const contestant = await CONTESTANTS[name]();
  const through = async (count: number): Promise<void> => {
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        const outcome = await contestant.send();
        if (outcome.kind !== 'sent') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
  };
  await through(Math.min(sends, 300)); // Warms up, and opens the connections.
  const before = await taken();
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  await through(sends);
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - begun) / 1_000;
  const after = await taken();
  await contestant.close();
  const opened = name in after ? { connections: after[name as keyof Taken][0]!, 'opened since': after[name as keyof Taken][0]! - before[name as keyof Taken][0]! } : {};
  // The processor time of the process has the fakes' thread in it, but for theirs nobody would wait.
  return { row: name, metrics: { 'sends/s': sends / seconds, 'CPU µs/send, fake included': (user + system) / sends, ...opened } };
}

/** From events on the bus to outcomes, with one jobs process: one FCM device for each user. */
async function whole(): Promise<Result> {
  const place = await openPlace('postgres');
  const { database, bus, bury, databaseUrl, scratchDir } = place;
  const { db } = database;
  const { notifications: config } = loadConfig({ notifications: notificationConfig }, { FCM_PER_SECOND: '100000' });
  const common = { db, config, development: false, secret: 's'.repeat(32), publicUrl: 'https://example.com', metrics: createMetrics('bench'), log: silentLog };
  const fcm = await openTestFcm();
  const { jobs } = await openNotifications({ ...common, providers: { fcm } });
  for (let first = 0; first < wholeSize; first += 500) {
    const asked = Array.from({ length: Math.min(500, wholeSize - first) }, (_, i) => {
      const to = { tokens: [`token:of:${first + i}`] };
      const payload = { notification_id: `n-${first + i}`, user_id: `u-${first + i}`, channels: ['push' as const], title: 'Hello', body: 'You have a message.', data: {}, priority: 'normal' as const, to };
      return createEvent('notification.requested', payload, { source: 'backend' });
    });
    await db.transaction((transaction) => bus.publishAll!(asked, { transaction }));
  }
  const queues = await place.openQueues();
  const limits = { notification: { concurrency: config.QUEUE_NOTIFICATION_CONCURRENCY } };
  const farm = createFarm({ jobs, queues, db, databaseUrl, bus, bury, log: silentLog, limits, scratchDir, stopWithinMs: 5_000 });
  const bridge = createTriggerBridge({ bus, db, farm, jobs, group: 'notification-jobs' });
  const begun = performance.now();
  await farm.start();
  await bridge.start?.();
  for (let done = 0; done < wholeSize; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { rows } = await db.execute<{ n: string }>(sql`SELECT count(*) AS n FROM events WHERE event_type = 'notification.sent'`);
    done = Number(rows[0]?.n);
    if (performance.now() - begun > 120_000) throw new Error(`only ${done} of ${wholeSize} after two minutes`);
  }
  const seconds = (performance.now() - begun) / 1_000;
  await bridge.stop?.();
  await farm.stop();
  await fcm.close?.();
  await queues.close();
  await place.close();
  return { row: 'whole way, fcm', metrics: { 'sends/s': wholeSize / seconds } };
}

const results: Result[] = [];
for (const name of chosen('only', values.only, NAMES)) {
  process.stderr.write(`${name} …\n`);
  results.push(name === 'whole' ? await whole() : await race(name as keyof typeof CONTESTANTS));
}
await thread.terminate();
process.stdout.write(report(`${sends} sends of each provider, ${atOnce} at once; ${wholeSize} notifications the whole way`, results));
if (values.json !== undefined) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(values.json, `${JSON.stringify({ machine, sends, atOnce, results }, null, 2)}\n`);
}

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { expect, inject, it } from 'vitest';
import { deviceTokens, notificationDeliveries, notificationSettings, openDatabase } from '../../packages/shared/src/db/index.ts';
import { createEvent } from '../../packages/shared/src/events/index.ts';
import { newId, silentLog } from '../../packages/shared/src/kernel/index.ts';
import { openTestBus } from '../support/bus.ts';
import { createTestDatabase } from '../support/database.ts';
import { startApns } from '../support/services/apns.ts';
import { startFcm } from '../support/services/fcm.ts';
import { startSmtp } from '../support/services/smtp.ts';
import { startCrew } from './support/crew.ts';
import { AT_ONCE, crowdOf, treat, type Member, type NotifyPlace } from './support/notify-crowd.ts';
import { makeTrouble } from './support/trouble.ts';

const { notifications, kills } = inject('notifySize');
const WORKER = fileURLToPath(new URL('fixtures/notify-worker.ts', import.meta.url));
const PAGE = 500;
const WORKERS = 2;

it(`${notifications} notifications, a fifth of them in trouble, reach each device once while workers are killed ${kills} times`, { timeout: 900_000 }, async () => {
  await using parts = new AsyncDisposableStack();
  const place = await createTestDatabase();
  parts.defer(() => place.drop());
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'notify-chaos-'));
  parts.defer(() => rm(scratchDir, { recursive: true, force: true }));
  const [fcm, apns, smtp] = await Promise.all([startFcm(), startApns(), startSmtp()]);
  for (const fake of [fcm, apns, smtp]) parts.defer(() => fake.close());
  const database = openDatabase(place.url, { max: 5, log: silentLog });
  parts.defer(() => database.stop());
  const { db } = database;
  const bus = await openTestBus(database);
  parts.defer(() => bus.close());

  const crowd = crowdOf(notifications);
  const taken = treat(crowd, { fcm, apns, smtp });
  const isPush = ({ platform }: Member): boolean => platform !== 'email';
  for (let from = 0; from < crowd.length; from += PAGE) {
    const page = crowd.slice(from, from + PAGE);
    await db.insert(deviceTokens).values(page.filter(isPush).map(({ userId, platform, address, key }) => ({ id: newId(), userId, platform: platform as 'fcm', address, key })));
    await db.insert(notificationSettings).values(page.filter((member) => !isPush(member)).map(({ userId, address }) => ({ userId, email: address })));
    const asked = page.map((member) => {
      const channels = [isPush(member) ? ('push' as const) : ('email' as const)];
      const payload = { notification_id: `n-${member.userId}`, user_id: member.userId, channels, title: 'Hello', body: 'You have a message.', data: {}, priority: 'normal' as const };
      return createEvent('notification.requested', payload, { source: 'backend' });
    });
    await db.transaction((transaction) => bus.publishAll!(asked, { transaction }));
  }

  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const where: NotifyPlace = { databaseUrl: place.url, scratchDir, fcmPort: fcm.port, apns: { key, server: apns.server }, mailUrl: smtp.url };
  const crew = startCrew(WORKER, [JSON.stringify(where)], WORKERS);
  parts.defer(() => crew.stop());
  const count = async (): Promise<number> => {
    const { rows } = await db.execute<{ n: string }>(sql`SELECT count(*) AS n FROM events WHERE event_type IN ('notification.sent', 'notification.failed')`);
    return Number(rows[0]?.n);
  };
  const begun = performance.now();
  await makeTrouble({ progress: count, total: notifications, kills, kill: () => crew.killOne() }).catch((cause: unknown) => {
    throw new Error(`not all was delivered; the workers said:\n${crew.said()}`, { cause });
  });
  const seconds = (performance.now() - begun) / 1_000;

  const results = await db.execute<{ id: string; n: string }>(sql`
    SELECT event->'payload'->>'notification_id' AS id, count(*) AS n FROM events WHERE event_type IN ('notification.sent', 'notification.failed') GROUP BY 1`);
  expect(results.rows.filter(({ n }) => n !== '1')).toEqual([]);
  expect(results.rows).toHaveLength(notifications);

  const byKey = new Map((await db.select().from(notificationDeliveries)).map((row) => [row.deviceKey, row]));
  expect(byKey.size).toBe(notifications);
  let doubles = 0;
  for (const { key: device, address, fault } of crowd) {
    const row = byKey.get(device)!;
    const times = taken.get(address) ?? 0;
    const expected = fault === 'gone' ? 'dropped' : fault === 'refused' ? 'failed' : row.reason === 'outcome_unknown' ? 'failed' : 'sent';
    expect([row.state, row.userId], `${address}: ${row.reason}`).toEqual([expected, expect.any(String)]);
    expect(times, address).toBeGreaterThanOrEqual(row.state === 'sent' ? 1 : 0);
    expect(times, address).toBeLessThanOrEqual(1 + row.crashes);
    doubles += Math.max(0, times - 1);
  }
  expect(doubles).toBeLessThanOrEqual(crew.kills * AT_ONCE);

  const kept = new Set((await db.select({ address: deviceTokens.address }).from(deviceTokens)).map(({ address }) => address));
  expect(crowd.filter((member) => isPush(member) && kept.has(member.address) === (member.fault === 'gone'))).toEqual([]);
  const refused = await db.execute<{ n: string }>(sql`SELECT count(*) AS n FROM notification_settings WHERE email_refused_at IS NOT NULL`);
  expect(Number(refused.rows[0]?.n)).toBe(crowd.filter((member) => !isPush(member) && member.fault === 'gone').length);
  process.stdout.write(`${notifications} notifications in ${seconds.toFixed(1)} s, ${crew.kills} workers killed, ${doubles} doubles\n`);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asc, eq, inArray } from 'drizzle-orm';
import type { Bus } from '@armoricore/shared/bus';
import { loadConfig, notificationConfig } from '@armoricore/shared/config';
import { deviceTokens, events, notificationDeliveries, openDatabase, type DatabaseHandle, type DeliveryRow } from '@armoricore/shared/db';
import { createEvent, type BusEvent, type PayloadOf } from '@armoricore/shared/events';
import { newId, silentLog, type Breaker, type Service } from '@armoricore/shared/kernel';
import { addressOf, deviceKey, type PushTarget } from '@armoricore/shared/notifications';
import { createMetrics } from '@armoricore/shared/ops';
import { openQueues } from '@armoricore/shared/queues';
import { openTestBus, testBury } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { openNotifications } from '../../src/adapters/notifications.ts';
import { createTriggerBridge } from '../../src/bridge/triggers.ts';
import { createFarm } from '../../src/core/index.ts';
import type { Providers } from '../../src/notifications/port.ts';

type Request = PayloadOf<'notification.requested'>;
type Result = BusEvent<'notification.sent' | 'notification.failed'>;

export interface NotificationLab {
  databaseUrl: string;
  database: DatabaseHandle;
  bus: Bus;
  /** Of the running farm. */
  services: Service[];
  breakers: Breaker[];
  /** Asks for a notification for `anna`, and returns its id. */
  request(more?: Partial<Request>, eventId?: string): Promise<string>;
  /** Registers a device of `anna`, or of another. */
  register(target: PushTarget, more?: { userId?: string; locale?: string; registeredAt?: Date }): Promise<string>;
  /** The results of a notification, waiting for `count` of them. */
  results(notificationId: string, count?: number, timeoutMs?: number): Promise<Result[]>;
  deliveries(notificationId: string): Promise<DeliveryRow[]>;
  isRegistered(target: PushTarget): Promise<boolean>;
  /** Ends the farm in good order and begins another one. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** A farm with the job of notifications, on a database of its own and with these providers. */
export async function startNotificationLab(providers: Providers, { env = {}, misconfiguredMs = 400, development = false }: { env?: Record<string, string>; misconfiguredMs?: number; development?: boolean } = {}): Promise<NotificationLab> {
  const { url, drop } = await createTestDatabase();
  const scratchDir = await mkdtemp(join(tmpdir(), 'notify-test-'));
  const database = openDatabase(url, { max: 6, log: silentLog });
  const { db } = database;
  const bus = await openTestBus(database);
  const { notifications: config } = loadConfig({ notifications: notificationConfig }, { MAIL_PER_SECOND: '1000', ...env });

  async function start() {
    const queues = await openQueues({ databaseUrl: url, workers: 1, log: silentLog });
    const opened = await openNotifications({
      db,
      config,
      development,
      secret: 's'.repeat(32),
      publicUrl: 'https://example.com',
      metrics: createMetrics('test'),
      log: silentLog,
      providers,
      misconfiguredMs,
      backoff: { baseMs: 300, maxMs: 600 },
    });
    const common = { queues, db, databaseUrl: url, bus, bury: testBury(db), log: silentLog, scratchDir };
    const farm = createFarm({ ...common, jobs: opened.jobs, limits: { notification: { concurrency: 16 } }, stopWithinMs: 4_000, lockMs: 5_000 });
    const bridge = createTriggerBridge({ bus, db, farm, jobs: opened.jobs, group: 'notification-jobs' });
    await farm.start();
    await bridge.start?.();
    return {
      ...opened,
      async stop() {
        await bridge.stop?.();
        await farm.stop();
        await queues.close();
      },
    };
  }

  let running = await start();
  return {
    databaseUrl: url,
    database,
    bus,
    get services() {
      return running.services;
    },
    get breakers() {
      return running.breakers;
    },
    async request(more = {}, eventId = newId()) {
      const id = more.notification_id ?? newId();
      const payload: Request = { notification_id: id, user_id: 'anna', channels: ['push'], title: 'Hello', body: 'You have a message.', data: {}, priority: 'normal', ...more };
      await bus.publish(createEvent('notification.requested', payload, { source: 'backend', eventId }));
      return id;
    },
    async register(target, { userId = 'anna', locale, registeredAt = new Date() } = {}) {
      const id = newId();
      const subscription = target.platform === 'webpush' ? { subscription: target.subscription } : {};
      const address = addressOf(target);
      await db.insert(deviceTokens).values({ id, userId, platform: target.platform, address, key: deviceKey(target.platform, address), locale: locale ?? null, registeredAt, ...subscription });
      return id;
    },
    results: (notificationId, count = 1, timeoutMs = 15_000) =>
      waitFor(
        async () => {
          const rows = await db.select().from(events).where(inArray(events.eventType, ['notification.sent', 'notification.failed'])).orderBy(asc(events.seq));
          const found = rows.map(({ event }) => event as Result).filter(({ payload }) => payload.notification_id === notificationId);
          return found.length >= count && found;
        },
        { what: `the result of ${notificationId}`, timeoutMs },
      ),
    deliveries: (notificationId) => db.select().from(notificationDeliveries).where(eq(notificationDeliveries.notificationId, notificationId)).orderBy(asc(notificationDeliveries.id)),
    async isRegistered(target) {
      const rows = await db.select({ id: deviceTokens.id }).from(deviceTokens).where(eq(deviceTokens.key, deviceKey(target.platform, addressOf(target))));
      return rows.length === 1;
    },
    async restart() {
      await running.stop();
      running = await start();
    },
    async close() {
      await running.stop();
      await bus.close();
      await database.stop();
      await drop();
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
}

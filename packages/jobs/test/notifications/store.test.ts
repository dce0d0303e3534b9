import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notificationDeliveries, notifications, openDatabase, type DatabaseHandle, type Transaction } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { NO_PREFERENCES } from '@armoricore/shared/notifications';
import { eq, sql } from 'drizzle-orm';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { plan } from '../../src/notifications/plan.ts';
import { recipientsOf } from '../../src/notifications/recipients.ts';
import { createDeliveryStore, type DeliveryStore } from '../../src/notifications/store.ts';

let place: TestDatabase;
let database: DatabaseHandle;
let store: DeliveryStore;

beforeAll(async () => {
  place = await createTestDatabase();
  database = openDatabase(place.url, { max: 4, log: silentLog });
  store = createDeliveryStore(database.db);
});
afterAll(async () => {
  await database.stop();
  await place.drop();
});

/** A notification with one delivery, as it is planned by `job-1`. */
async function planned(): Promise<{ notificationId: string; id: string }> {
  const [notificationId, id] = [newId(), newId()];
  await database.db.insert(notifications).values({ id: notificationId, userId: 'anna', category: 'general', title: 'Hi', body: '', data: {} });
  const fields = { channel: 'push', platform: 'fcm', address: '…', state: 'pending', jobId: 'job-1' } as const;
  await database.db.insert(notificationDeliveries).values({ id, notificationId, userId: 'anna', deviceKey: 'key', ...fields });
  return { notificationId, id };
}
async function rowOf(id: string) {
  const [row] = await database.db.select().from(notificationDeliveries).where(eq(notificationDeliveries.id, id));
  return row!;
}
const sent = (id: string) => ({ id, state: 'sent' as const, reason: null, attempts: 0 });

describe('a delivery', () => {
  it('is begun once, by whoever is first', async () => {
    const { id } = await planned();
    const begun = await Promise.all(['job-1', 'job-1', 'job-2', 'job-3'].map((jobId) => store.begin(id, jobId)));
    expect(begun.filter(Boolean)).toHaveLength(1);
    await store.settle(sent(id));
    expect(await store.begin(id, 'job-1')).toBe(false);
  });

  it('keeps how it ended', async () => {
    const { id } = await planned();
    await store.begin(id, 'job-1');
    await store.settle(sent(id));
    await store.settle({ ...sent(id), state: 'failed', reason: 'late' });
    expect(await rowOf(id)).toMatchObject({ state: 'sent', reason: null });
  });

  it('ends together with what goes with its end, or not at all', async () => {
    const { id, notificationId } = await planned();
    await store.begin(id, 'job-1');
    const touch = (tx: Transaction) => tx.update(notifications).set({ body: 'touched' }).where(eq(notifications.id, notificationId));
    const bodyOf = async () => (await database.db.select().from(notifications).where(eq(notifications.id, notificationId)))[0]!.body;
    await expect(store.settleWith({ ...sent(id), attempts: 2 ** 40 }, async (tx) => void (await touch(tx)))).rejects.toThrow();
    expect([await bodyOf(), (await rowOf(id)).state]).toEqual(['', 'sending']);
    await store.settleWith(sent(id), async (tx) => void (await touch(tx)));
    expect([await bodyOf(), (await rowOf(id)).state]).toEqual(['touched', 'sent']);
  });

  it('whose worker died in the call is called once more, and after another death it has failed', async () => {
    const { id, notificationId } = await planned();
    await store.begin(id, 'job-1');
    expect(await store.due(notificationId)).toEqual([]);
    await store.recover(notificationId, 'job-1');
    expect(await store.due(notificationId)).toHaveLength(1);
    expect(await store.begin(id, 'job-1')).toBe(true);
    await store.recover(notificationId, 'job-1');
    expect(await rowOf(id)).toMatchObject({ state: 'failed', reason: 'outcome_unknown', crashes: 2 });
    expect(await store.standing(notificationId)).toEqual({ nextInMs: null, sent: 0, lost: 1 });
  });

  it('that another job has in its hands is left to it, unless that was long ago', async () => {
    const { id, notificationId } = await planned();
    await store.begin(id, 'job-1');
    await store.recover(notificationId, 'job-2');
    expect(await rowOf(id)).toMatchObject({ state: 'sending', jobId: 'job-1' });
    expect((await store.standing(notificationId)).nextInMs).toBeGreaterThan(4_000);
    await database.db.execute(sql`UPDATE notification_deliveries SET updated_at = now() - interval '11 minutes' WHERE id = ${id}::uuid`);
    await store.recover(notificationId, 'job-2');
    expect(await rowOf(id)).toMatchObject({ state: 'pending', jobId: 'job-2', crashes: 1 });
  });

  it('that failed is tried anew when it is asked for again, and not by the same job', async () => {
    const { id, notificationId } = await planned();
    await store.settle({ ...sent(id), state: 'failed', reason: 'INTERNAL', attempts: 8 });
    await store.recover(notificationId, 'job-1');
    expect(await rowOf(id)).toMatchObject({ state: 'failed' });
    await store.recover(notificationId, 'job-2');
    expect(await rowOf(id)).toMatchObject({ state: 'pending', attempts: 0, reason: null });
  });

  it('that is to wait is not due before', async () => {
    const { id, notificationId } = await planned();
    await store.settle({ ...sent(id), state: 'pending', waitMs: 60_000 });
    expect(await store.due(notificationId)).toEqual([]);
    const { nextInMs: ms } = await store.standing(notificationId);
    expect(ms).toBeGreaterThan(55_000);
    expect(ms).toBeLessThanOrEqual(60_500);
  });

  it('of a notification that waits for nothing is due as soon as it is written down', async () => {
    const profile = { email: null, preferences: NO_PREFERENCES, devices: [] };
    const texts = { title: 'Hi', body: '', subject: 'Hi' };
    for (let i = 0; i < 20; i++) {
      const input = { notification_id: newId(), user_id: 'ben', channels: ['push' as const], to: { tokens: ['of-the-event:1'] }, data: {}, priority: 'normal' as const };
      const recipients = recipientsOf(input, profile);
      expect(await plan(database.db, { input, jobId: 'job-1', profile, recipients, texts, perMinute: 100 })).toHaveLength(1);
      expect(await store.due(input.notification_id)).toHaveLength(1);
    }
  });

  it('changes together with others, in any order and number', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, planned));
    await Promise.all(all.map(({ id }) => store.begin(id, 'job-1')));
    await Promise.all([...all.map(({ id }) => store.settle(sent(id))), ...all.toReversed().map(({ id }) => store.settle(sent(id)))]);
    for (const { id } of all) expect((await rowOf(id)).state).toBe('sent');
  });
});

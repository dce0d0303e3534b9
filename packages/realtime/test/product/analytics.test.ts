import type { Bus } from '@armoricore/shared/bus';
import { analyticsDailyUsers, analyticsEvents, conversations, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { newId, silentLog, startServices, type Service } from '@armoricore/shared/kernel';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { analyticsQuery } from '../../src/contracts/analytics.ts';
import { createAnalytics, recordOf, type AnalyticsRecord } from '../../src/domain/analytics.ts';
import { createAnalyticsLog, createAnalyticsRepository } from '../../src/persistence/analytics.ts';
import { joinChat } from '../support/chat.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

const DAY_MS = 86_400_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** Today's noon: what is made by it is of the same day, whenever the test runs. */
const NOON = Date.parse(`${dayOf(Date.now())}T12:00:00Z`);

describe('over the bus and REST', () => {
  let realtime: RealtimeUnderTest;
  let database: DatabaseHandle;
  let bus: Bus;
  let viewer: string;

  beforeAll(async () => {
    realtime = await startRealtime();
    database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
    bus = await openTestBus(database);
    viewer = await realtime.token('v', { roles: ['viewer'] });
  });
  afterAll(async () => {
    await bus.close();
    await database.stop();
    await realtime.stop();
  });

  const daily = async (query = ''): Promise<any> => (await realtime.call('GET', `/api/v1/analytics/daily${query}`, { token: viewer })).body;

  it('messages, presence and media are counted by day and user, without what was written', async () => {
    const [anna, ben] = [await joinChat(realtime, 'anna', 'tea'), await joinChat(realtime, 'ben', 'tea')];
    for (const content of ['my secret', 'another secret', 'a third']) await anna.send(content);
    await ben.send('no secret');
    const failed = createEvent('media.failed', { media_id: 'm1', user_id: 'anna', reason: 'not_media', message: 'what a file' }, { source: 'media-worker' });
    for (let time = 0; time < 2; time += 1) await bus.publish(failed);
    await bus.publish(createEvent('presence.update', { user_id: 'anna', status: 'away', topic: 'presence:1' }, { source: 'realtime' }));

    const today = dayOf(Date.now());
    const counted = await waitFor(
      async () => {
        const { daily: rows } = await daily();
        return rows.reduce((sum: number, { events }: { events: number }) => sum + events, 0) >= 6 && rows;
      },
      { timeoutMs: 20_000 },
    );
    expect(counted).toEqual([
      { day: today, type: 'chat.message', events: 4, users: 2 },
      { day: today, type: 'media.failed', events: 1, users: 1 },
      { day: today, type: 'presence.update', events: 1, users: 1 },
    ]);
    expect((await daily('?type=media.failed')).daily).toHaveLength(1);
    expect(await daily(`?to=${dayOf(Date.now() - DAY_MS)}`)).toEqual({ from: dayOf(Date.now() - 30 * DAY_MS), to: dayOf(Date.now() - DAY_MS), daily: [] });
    const kept = await database.db.select().from(analyticsEvents);
    expect(kept.map(({ type, details }) => ({ type, details })).toSorted((one, two) => (one.type < two.type ? -1 : 1))).toEqual([
      { type: 'media.failed', details: { media_id: 'm1', reason: 'not_media' } },
      { type: 'presence.update', details: { status: 'away', topic: 'presence:1' } },
    ]);
  });

  it.each(['?from=yesterday', '?from=2026-02-30', '?from=2026-01-02&to=2026-01-01', '?from=2020-01-01&to=2026-01-01', '?type=', '?type=%00', '?since=2026-01-01'])('refuses %s', async (query) => {
    expect(await realtime.call('GET', `/api/v1/analytics/daily${query}`, { token: viewer })).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
  });

  it('is for admins and viewers', async () => {
    expect(await realtime.call('GET', '/api/v1/analytics/daily')).toMatchObject({ status: 401 });
    for (const roles of [['user'], ['service']]) {
      expect(await realtime.call('GET', '/api/v1/analytics/daily', { token: await realtime.token('x', { roles }) })).toMatchObject({ status: 403 });
    }
  });
});

describe('the sums', () => {
  let database: DatabaseHandle;

  beforeAll(async () => {
    const { url, drop } = await createTestDatabase();
    database = openDatabase(url, { max: 4, log: silentLog });
    return async () => {
      await database.stop();
      await drop();
    };
  });

  const RETENTION_DAYS = 10;
  const record = (userId: string, type: string, daysAgo = 0): AnalyticsRecord => ({ eventId: newId(), type, at: new Date(NOON - daysAgo * DAY_MS), userId, details: {} });
  const land = (records: readonly AnalyticsRecord[]) => createAnalyticsLog(database.db, RETENTION_DAYS).append(records);
  const sums = (type: string) => createAnalyticsRepository(database.db).daily({ ...analyticsQuery.parse({}), type: type as 'media.ready' });

  async function run(service: Service): Promise<void> {
    const { stop } = await startServices([service], { log: silentLog });
    onTestFinished(async () => void (await stop()));
  }

  it('have every event once, whichever node counts and however often it comes', async () => {
    const records = Array.from({ length: 1_000 }, (_, index) => record(`user-${index % 70}`, 'sums.once', index % 2));
    const repository = createAnalyticsRepository(database.db);
    const nodes = [1, 2, 3].map(() => createAnalytics({ repository, retentionDays: RETENTION_DAYS, log: silentLog, countEveryMs: 2 }));
    for (const { service } of nodes) await run(service);
    for (let start = 0; start < 1_000; start += 100) {
      await land(records.slice(start, start + 100));
      await land(records.slice(start, start + 50));
    }
    await waitFor(async () => (await sums('sums.once')).reduce((sum, { events }) => sum + events, 0) >= 1_000);
    await land(records);
    expect(await repository.count(5_000)).toBe(0);
    expect(await sums('sums.once')).toEqual([
      { day: dayOf(NOON - DAY_MS), type: 'sums.once', events: 500, users: 35 },
      { day: dayOf(NOON), type: 'sums.once', events: 500, users: 35 },
    ]);
  });

  it('come in bounded steps, and stay when their events are removed', async () => {
    const repository = createAnalyticsRepository(database.db);
    await land([record('anna', 'sums.kept', 9), record('ben', 'sums.kept', 9), record('anna', 'sums.kept', 1)]);
    expect(await repository.prune(new Date(Date.now() - 8 * DAY_MS), 100)).toBe(0); // They are not counted yet.
    expect([await repository.count(2), await repository.count(2), await repository.count(2)]).toEqual([2, 1, 0]);
    const expected = [
      { day: dayOf(NOON - 9 * DAY_MS), type: 'sums.kept', events: 2, users: 2 },
      { day: dayOf(NOON - DAY_MS), type: 'sums.kept', events: 1, users: 1 },
    ];
    expect(await sums('sums.kept')).toEqual(expected);
    const before = new Date(Date.now() - 8 * DAY_MS);
    expect([await repository.prune(before, 1), await repository.prune(before, 1), await repository.prune(before, 1)]).toEqual([1, 1, 0]);
    expect(await database.db.select().from(analyticsEvents).where(eq(analyticsEvents.type, 'sums.kept'))).toHaveLength(1);
    expect(await database.db.select().from(analyticsDailyUsers).where(eq(analyticsDailyUsers.type, 'sums.kept'))).toHaveLength(1);
    expect(await sums('sums.kept')).toEqual(expected);
  });

  it('have every message once, in bounded steps, also of before and while others are sent', async () => {
    const repository = createAnalyticsRepository(database.db);
    await database.db.insert(conversations).values(['c1', 'c2', 'c3'].map((id) => ({ id })));
    const send = async (conversationId: string, count: number): Promise<void> => {
      await database.db.execute(sql`
        WITH numbered AS (UPDATE conversations SET last_seq = last_seq + ${count} WHERE id = ${conversationId} RETURNING last_seq)
        INSERT INTO messages (conversation_id, seq, id, sender_id, type, content, created_at)
        SELECT ${conversationId}, last_seq - ${count} + n, gen_random_uuid(), 'user-' || n % 7, 'text', 'x', ${new Date(NOON).toISOString()}::timestamptz
        FROM numbered, generate_series(1, ${count}::integer) AS n`);
    };
    await send('c1', 2_500);
    await send('c2', 3);
    const total = async (): Promise<object> => (await sums('chat.message'))[0] ?? {};
    expect(await repository.countMessages(1)).toBe(1);
    expect(await repository.countMessages(5)).toBe(2);
    while ((await repository.countMessages(5)) > 0);
    expect(await total()).toMatchObject({ events: 2_503, users: 7 });
    const done = { yes: false };
    const counting = (async () => {
      while (!done.yes) await Promise.all([repository.countMessages(2), repository.countMessages(2)]);
    })();
    await Promise.all(['c1', 'c2', 'c3'].map(async (id) => {
      for (let time = 0; time < 30; time += 1) await send(id, 5);
    }));
    done.yes = true;
    await counting;
    while ((await repository.countMessages(5)) > 0);
    expect(await total()).toMatchObject({ events: 2_503 + 450, users: 7 });
  });

  it('leave out what is older than what is kept', async () => {
    await land([record('anna', 'sums.late', RETENTION_DAYS + 1), record('anna', 'sums.late')]);
    await createAnalyticsRepository(database.db).count(100);
    expect(await sums('sums.late')).toMatchObject([{ events: 1 }]);
  });

  it('are pruned by the service, too', async () => {
    const repository = createAnalyticsRepository(database.db);
    await createAnalyticsLog(database.db, 30).append([record('anna', 'sums.pruned', 20)]);
    await run(createAnalytics({ repository, retentionDays: RETENTION_DAYS, log: silentLog, countEveryMs: 2 }).service);
    await waitFor(async () => (await database.db.select().from(analyticsEvents).where(eq(analyticsEvents.type, 'sums.pruned'))).length === 0);
    expect(await sums('sums.pruned')).toMatchObject([{ events: 1, users: 1 }]);
  });
});

it('of each event only what it was about is kept', () => {
  const about = (event: BusEvent) => recordOf(event as Parameters<typeof recordOf>[0]);
  const ready = { media_id: 'm', user_id: 'anna', playback_urls: { hls: 'x' }, thumbnail_urls: [], storyboard: null, preview_url: null, captions: [], duration_ms: 7, renditions: [], metadata: { title: 'secret' } };
  expect(about(createEvent('media.ready', ready, { source: 'media-worker' }))).toMatchObject({ type: 'media.ready', userId: 'anna', details: { media_id: 'm', duration_ms: 7 } });
  expect(about(createEvent('presence.update', { user_id: 'ben', status: 'away', topic: 't' }, { source: 'realtime' }))).toMatchObject({ userId: 'ben', details: { status: 'away', topic: 't' } });
});

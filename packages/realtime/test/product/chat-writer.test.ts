import { conversations, messages, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { silentLog, type AppError } from '@armoricore/shared/kernel';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.ts';
import { createChatWriter, type ChatWriter, type Draft } from '../../src/domain/chat-writer.ts';
import { createRateLimiter } from '../../src/domain/rate-limit.ts';
import { createChatLog } from '../../src/persistence/chat-log.ts';

let made: TestDatabase;
let database: DatabaseHandle;
beforeEach(async () => {
  made = await createTestDatabase();
  database = openDatabase(made.url, { max: 5, log: silentLog });
  await database.db.insert(conversations).values(['a', 'b', 'c'].map((id) => ({ id })));
});
afterEach(async () => {
  await database.stop();
  await made.drop();
});

const draft = (conversationId: string, content: string, clientMessageId: string | null = null): Draft => ({
  conversationId, senderId: 'anna', type: 'text', content, replyTo: null, attachments: [], clientMessageId,
});

/** A writer as one node has it, and what it tells. */
async function writer(handle: DatabaseHandle = database): Promise<ChatWriter & { told: string[] }> {
  const bus = await openTestBus(handle);
  onTestFinished(() => bus.close());
  const told: string[] = [];
  const log = createChatLog({ db: handle.db, bus, notifyDelayMs: 1_000 });
  const { send } = createChatWriter({ log, announce: ({ conversationId, seq }) => told.push(`${conversationId}${seq}`), logger: silentLog });
  return { send, told };
}

it('one that the database refuses does not take the others of its batch with it', async () => {
  const { send, told } = await writer();
  const outcomes = await Promise.allSettled([send(draft('a', 'fine')), send(draft('a', 'NUL \0 in it')), send(draft('nowhere', 'x')), send(draft('a', 'fine, too'))]);
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.seq : (outcome.reason as AppError).code))).toEqual([1, 'internal', 'not_found', 2]);
  expect(told).toEqual(['a1', 'a2']);
});

it('several nodes write to the same conversations without gaps, doubles or deadlocks', async () => {
  const nodes = await Promise.all([1, 2, 3].map(() => writer()));
  const rooms = ['a', 'b', 'c'];
  const sends = nodes.flatMap(({ send }, node) => Array.from({ length: 150 }, (_, i) => send(draft(rooms[(i + node) % 3]!, 'x', `${Math.floor(i / 2)}`))));
  const sent = await Promise.all(sends);
  const rows = await database.db.select().from(messages).orderBy(messages.conversationId, messages.seq);
  for (const room of rooms) {
    const own = rows.filter(({ conversationId }) => conversationId === room);
    expect(own.map(({ seq }) => seq)).toEqual(own.map((_, i) => i + 1));
    expect(new Set(own.map(({ clientMessageId }) => clientMessageId)).size).toBe(own.length);
  }
  expect(new Set(sent.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id)));
  const { rows: events } = await database.pool.query(`SELECT event_id FROM events WHERE event_type = 'chat.message'`);
  expect(new Set(events.map(({ event_id }: { event_id: string }) => event_id))).toEqual(new Set(rows.map(({ id }) => id)));
});

it('when the database goes away the outcome is unavailable; sent again under the same name it is one message', async () => {
  const proxy = await startTcpProxy(made.url);
  const behind = openDatabase(proxy.through(made.url), { max: 3, log: silentLog });
  try {
    const { send } = await writer(behind);
    await send(draft('a', 'before'));
    const sends = Array.from({ length: 20 }, (_, i) => send(draft('a', 'x', `${i}`)));
    proxy.cut();
    const outcomes = await Promise.allSettled(sends);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'unavailable' });
    proxy.mend();
    const again = await Promise.all(sends.map((_, i) => send(draft('a', 'x', `${i}`))));
    expect(again.map(({ seq }) => seq).toSorted((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
  } finally {
    await behind.stop();
    await proxy.close();
  }
});

it('a rate allows its burst, then as much as time brings; the oldest of too many keys begins anew', () => {
  let now = 0;
  const limiter = createRateLimiter({ most: 2, now: () => now });
  const rate = { perSecond: 2, burst: 3 };
  expect([1, 2, 3, 4].map(() => limiter.take('a', rate))).toEqual([0, 0, 0, 500]);
  now = 499;
  expect(limiter.take('a', rate)).toBeGreaterThan(0);
  now = 1_000;
  expect(limiter.take('a', rate)).toBe(0);
  limiter.take('b', rate);
  limiter.take('c', rate);
  limiter.take('c', rate);
  expect([1, 2, 3].map(() => limiter.take('a', rate))).toEqual([0, 0, 0]);
});

import { conversations, messages, openDatabase } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { freshRoom, joinChat, seqs, upTo } from '../support/chat.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

/** Two nodes over one database. */
let one: RealtimeUnderTest;
let two: RealtimeUnderTest;
beforeAll(async () => {
  one = await startRealtime({ CHAT_MESSAGES_PER_SECOND: '10000' });
  two = await startRealtime({ CHAT_MESSAGES_PER_SECOND: '10000', DATABASE_URL: one.databaseUrl });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

const SENDERS = 6;
const EACH = 120;
const JOINERS = 8;
const TOTAL = SENDERS * EACH;

it(`whoever joins while ${SENDERS} send on two nodes gets every message once and in order, however often they come back`, async () => {
  const room = freshRoom();
  const nodeOf = (i: number): RealtimeUnderTest => (i % 2 === 0 ? one : two);
  const senders = await Promise.all(upTo(SENDERS).map((i) => joinChat(nodeOf(i), `sender-${i}`, room)));

  /** Joins, listens for a while, leaves, and joins again from where it was: seqs in the order of their coming. */
  async function comeAndGo(i: number): Promise<number[]> {
    const got: number[] = [];
    while (got.length < TOTAL) {
      const client = await joinChat(nodeOf(i), `joiner-${i}`, room, { params: { since_seq: got.at(-1) ?? 0 } });
      expect(client.reply.truncated).toBeUndefined();
      const least = Math.min(TOTAL, got.length + 1 + ((i * 37 + got.length) % 90));
      await waitFor(() => got.length + client.messages().length >= least, { intervalMs: 1, timeoutMs: 20_000, what: `message ${least}` });
      client.socket.disconnect();
      got.push(...seqs(client.messages()));
    }
    return got;
  }

  const [joined] = await Promise.all([
    Promise.all(upTo(JOINERS).map(comeAndGo)),
    ...senders.map(async (sender, i) => {
      // Bursts of a varying size: several within one turn of the event loop.
      for (let n = 0; n < EACH; n += 4) await Promise.all(upTo(4).map((k) => sender.send(`${i}:${n + k}`)));
    }),
  ]);
  for (const got of joined) expect(got).toEqual(upTo(TOTAL));
  for (const sender of senders) await waitFor(() => sender.all('message:new').length === TOTAL);
  for (const sender of senders) expect(seqs(sender.all('message:new'))).toEqual(upTo(TOTAL));
}, 60_000);

it('an edit comes behind its message on the other node, too', async () => {
  const room = freshRoom();
  const here = await joinChat(two, 'anna', room);
  const there = await joinChat(one, 'ben', room);
  const { id } = await there.send('one');
  await there.push('message:edit', { messageId: id, content: 'won' });
  await waitFor(() => here.all('message:edited').length === 1);
  expect(here.seen.filter(({ event }) => event.startsWith('message')).map(({ event }) => event)).toEqual(['message:new', 'message:edited']);
});

it('what no node told of comes all the same, within seconds', async () => {
  const room = freshRoom();
  const anna = await joinChat(one, 'anna', room);
  await anna.send('told');
  // As a node leaves it that dies between the commit and the broadcast.
  const { db, stop } = openDatabase(one.databaseUrl, { max: 1, log: silentLog });
  await db.transaction(async (tx) => {
    await tx.update(conversations).set({ lastSeq: 2 }).where(eq(conversations.id, room));
    const message = { conversationId: room, seq: 2, id: newId(), senderId: 'ben', type: 'text', content: 'untold', createdAt: new Date() } as const;
    await tx.insert(messages).values(message);
  });
  await stop();
  await waitFor(() => anna.all('message:new').length === 2);
  expect(anna.all('message:new')[1]).toMatchObject({ seq: 2, content: 'untold' });
});

import { auditLog, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { newId, silentLog } from '@armoricore/shared/kernel';
import type { Bus } from '@armoricore/shared/bus';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { freshRoom, joinChat } from '../support/chat.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
let bus: Bus;
beforeAll(async () => {
  realtime = await startRealtime({ CHAT_OPEN_ROOMS: 'true' });
  database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
  bus = await openTestBus(database);
});
afterAll(async () => {
  await bus.close();
  await database.stop();
  await realtime.stop();
});

const judge = (messageId: string, conversationId: string, flagged = true): Promise<unknown> =>
  bus.publish(createEvent('moderation.verdict', { message_id: messageId, conversation_id: conversationId, flagged, reason: flagged ? 'words' : null, categories: [] }, { source: 'moderation-worker' }));
const handled = (): Promise<unknown> => waitFor(async () => (await bus.backlog('moderation')) === 0, { what: 'the verdicts to be handled' });

it('deletes what is flagged as a moderator would, tells why, and writes it down once', async () => {
  const room = freshRoom();
  const ann = await joinChat(realtime, 'ann', room);
  const ben = await joinChat(realtime, 'ben', room);
  const [fine, bad] = [await ann.send('hello'), await ann.send('something bad')];
  await judge(fine.id, room, false);
  await judge(bad.id, room);
  await waitFor(() => ben.all('message:deleted').length === 1 && ann.all('message:deleted').length === 1);
  expect(ben.all('message:deleted')).toEqual([{ conversationId: room, messageId: bad.id, seq: 2, userId: 'moderation', deletedAt: expect.any(String), reason: 'words' }]);
  expect(await ben.history()).toMatchObject([{ content: 'hello', deletedAt: null }, { content: '', deletedAt: expect.any(String) }]);

  // The verdict comes again when a process dies before it told: the deletion is the same, and is told again.
  await judge(bad.id, room);
  await waitFor(() => ben.all('message:deleted').length === 2);
  expect(ben.all('message:deleted')[1]).toEqual(ben.all('message:deleted')[0]);
  const acts = await database.db.select().from(auditLog).where(eq(auditLog.subject, `message:${bad.id}`));
  expect(acts).toMatchObject([{ actor: 'moderation', action: 'message.delete', details: { conversation_id: room, sender_id: 'ann', reason: 'words' } }]);
});

it('lets a verdict of a message that is gone pass', async () => {
  const room = freshRoom();
  const ann = await joinChat(realtime, 'ann', room);
  await judge(newId(), room);
  await handled();
  expect((await ann.send('still here')).seq).toBe(1);
  const { rows } = await database.pool.query('SELECT FROM dead_letters');
  expect(rows).toEqual([]);
});

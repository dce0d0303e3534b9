import { comments, commentStreams, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { silentLog, type AppError } from '@armoricore/shared/kernel';
import { eq } from 'drizzle-orm';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { startTcpProxy } from '../../../../test/support/tcp-proxy.ts';
import { createBatchWriter } from '../../src/domain/batch-writer.ts';
import type { CommentDraft } from '../../src/domain/comments-writer.ts';
import { createCommentsLog } from '../../src/persistence/comments-log.ts';
import { upTo } from '../support/chat.ts';

let made: TestDatabase;
let database: DatabaseHandle;
beforeEach(async () => {
  made = await createTestDatabase();
  database = openDatabase(made.url, { max: 5, log: silentLog });
});
afterEach(async () => {
  await database.stop();
  await made.drop();
});

const draft = (streamId: string, userId: string, clientCommentId: string | null = null): CommentDraft => ({ streamId, userId, content: 'x', clientCommentId, exempt: false });

/** As one node has it. */
const writer = (handle = database) => createBatchWriter({ log: createCommentsLog(handle.db), announce: () => undefined, what: 'a comment', logger: silentLog });

it('several nodes write to the same new streams without gaps, doubles or deadlocks', async () => {
  const nodes = upTo(3).map(() => writer());
  const streams = ['a', 'b', 'c'];
  const sent = await Promise.all(nodes.flatMap(({ write }, node) => upTo(120).map((i) => write(draft(streams[(i + node) % 3]!, 'anna', `${Math.floor(i / 2)}`)))));
  const rows = await database.db.select().from(comments).orderBy(comments.streamId, comments.seq);
  for (const stream of streams) {
    const own = rows.filter(({ streamId }) => streamId === stream);
    expect(own.map(({ seq }) => seq)).toEqual(upTo(own.length));
    expect(new Set(own.map(({ clientCommentId }) => clientCommentId)).size).toBe(own.length);
  }
  expect(new Set(sent.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id)));
});

it('in slow mode one comment of a user passes, however many nodes he sends to at once; when its time is over, the next', async () => {
  await database.db.insert(commentStreams).values({ id: 'a', slowModeS: 60 });
  const nodes = upTo(4).map(() => writer());
  const outcomes = await Promise.allSettled(nodes.flatMap(({ write }) => [write(draft('a', 'anna')), write(draft('a', 'anna'))]));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'rate_limited' });
  await database.db.update(comments).set({ createdAt: new Date(Date.now() - 61_000) }).where(eq(comments.streamId, 'a'));
  expect((await nodes[0]!.write(draft('a', 'anna'))).seq).toBe(2);
});

it('when the database goes away the outcome is unavailable; sent again under the same name it is one comment', async () => {
  const proxy = await startTcpProxy(made.url);
  const behind = openDatabase(proxy.through(made.url), { max: 3, log: silentLog });
  try {
    const { write } = writer(behind);
    await write(draft('a', 'anna'));
    const sends = upTo(20).map((i) => write(draft('a', 'anna', `${i}`)));
    proxy.cut();
    for (const outcome of await Promise.allSettled(sends)) if (outcome.status === 'rejected') expect(outcome.reason as AppError).toMatchObject({ code: 'unavailable' });
    proxy.mend();
    const again = await Promise.all(upTo(20).map((i) => write(draft('a', 'anna', `${i}`))));
    expect(again.map(({ seq }) => seq).toSorted((x, y) => x - y)).toEqual(upTo(20).map((i) => i + 1));
  } finally {
    await behind.stop();
    await proxy.close();
  }
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { seqs, upTo } from '../support/chat.ts';
import { freshStream, joinComments, type CommentsClient } from '../support/comments.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { startRealtimeProcess } from '../support/realtime-process.ts';

/** Two nodes over one database, which show up to three viewers one by one. */
const SETTINGS = { COMMENTS_PER_SECOND: '1000', COMMENTS_PRESENCE_MAX: '3' };
let one: RealtimeUnderTest;
let two: RealtimeUnderTest;
let database: TestDatabase;
beforeAll(async () => {
  one = await startRealtime(SETTINGS);
  two = await startRealtime({ ...SETTINGS, DATABASE_URL: one.databaseUrl });
  database = await createTestDatabase();
});
afterAll(async () => {
  await two.stop();
  await one.stop();
  await database.drop();
});

const nodeOf = (i: number): RealtimeUnderTest => (i % 2 === 0 ? one : two);
const joinMany = (n: number, stream: string, from = 0): Promise<CommentsClient[]> => Promise.all(upTo(n).map((i) => joinComments(nodeOf(i), `viewer-${from + i}`, stream)));
/** Whom a client sees: its presence_state and what changed since. */
function listed(client: CommentsClient): string[] {
  let users = new Set<string>();
  for (const { event, payload } of client.seen) {
    if (event === 'presence_state') users = new Set(Object.keys(payload));
    if (event === 'presence_diff') {
      for (const user of Object.keys(payload.leaves)) users.delete(user);
      for (const user of Object.keys(payload.joins)) users.add(user);
    }
  }
  return [...users].toSorted();
}
const lastCount = (client: CommentsClient): number | undefined => client.all('viewers').at(-1)?.count;

it('comments of all nodes come in one order everywhere, one by one and in windows; slow mode, pins and deletions hold on both', async () => {
  const stream = freshStream();
  const clients = await Promise.all(upTo(6).map((i) => joinComments(nodeOf(i), `user-${i}`, stream, { params: { batch: i > 3 } })));
  await Promise.all(clients.map(async (client, i) => {
    for (let n = 0; n < 10; n += 1) await Promise.all([client.send(`${i}:${n}`), client.send(`${i}:${n}, too`)]);
  }));
  await waitFor(() => clients.every((client) => client.comments().length >= 120));
  for (const client of clients) expect(seqs(client.comments())).toEqual(upTo(120));
  expect(clients.map((client) => client.comments().map(({ content }) => content))).toEqual(clients.map(() => clients[0]!.comments().map(({ content }) => content)));

  const mo = await joinComments(one, 'mo', stream, { roles: ['moderator'] });
  const comment = clients[0]!.comments()[0]!;
  await mo.push('comment:pin', { comment_id: comment.id });
  await mo.push('comment:delete', { comment_id: comment.id });
  await mo.push('slow_mode', { seconds: 60 });
  for (const client of clients) {
    await waitFor(() => client.all('slow_mode').length === 1);
    expect(client.all('comment:pinned')).toEqual([{ comment }, { comment: null }]);
    expect(client.all('comment:deleted')).toHaveLength(1);
  }
  const phones = await Promise.all([one, two].map((node) => joinComments(node, 'new', stream)));
  const outcomes = await Promise.allSettled(phones.map((phone) => phone.send('once a minute')));
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

it('few viewers are shown one by one, many as a number, and one by one again when most have left', async () => {
  const stream = freshStream();
  const few = await joinMany(3, stream);
  for (const client of few) await waitFor(() => listed(client).length === 3);
  expect(few.flatMap((client) => client.all('viewers'))).toEqual([]);

  const more = await joinMany(9, stream, 10);
  for (const client of few) await waitFor(() => lastCount(client) === 12);
  const late = await joinComments(one, 'late', stream);
  expect(late.reply.viewers).toBe(13);
  for (const client of [...few, ...more]) await waitFor(() => lastCount(client) === 13);
  expect(late.all('presence_state')).toEqual([]);

  for (const client of [...few.slice(1), ...more]) client.socket.disconnect();
  for (const client of [few[0]!, late]) await waitFor(() => listed(client).join() === 'late,viewer-1');
  const told = few[0]!.seen.findLastIndex(({ event }) => event === 'presence_state');
  expect(few[0]!.seen.slice(told).some(({ event }) => event === 'viewers')).toBe(false);
  await joinComments(two, 'new', stream);
  for (const client of [few[0]!, late]) await waitFor(() => listed(client).join() === 'late,new,viewer-1');
}, 60_000);

it('who joins anew on the same socket, or drops, is not counted twice', async () => {
  const stream = freshStream();
  const clients = await joinMany(5, stream);
  const again = clients[0]!.socket.channel(`comments:${stream}`);
  again.join();
  clients[1]!.channel.leave();
  await waitFor(async () => {
    const probe = await joinComments(one, 'probe', stream);
    probe.socket.disconnect();
    return probe.reply.viewers === 5;
  }, { intervalMs: 300 });
});

it('the viewers of a node that is killed are gone within 10 s', async () => {
  const stream = freshStream();
  const env = { ...SETTINGS, DATABASE_URL: one.databaseUrl, JWT_SECRET: 'a-secret-of-the-tests-with-32-characters-or-more' };
  const doomed = await startRealtimeProcess(env);
  const staying = await joinComments(one, 'staying', stream);
  await Promise.all(upTo(5).map((i) => joinComments({ ...one, url: doomed.url }, `doomed-${i}`, stream)));
  await waitFor(() => lastCount(staying) === 6);
  const killed = performance.now();
  await doomed.end('SIGKILL');
  await waitFor(() => lastCount(staying) === 1 || listed(staying).join() === 'staying', { timeoutMs: 20_000 });
  expect(performance.now() - killed).toBeLessThan(10_000);
}, 60_000);

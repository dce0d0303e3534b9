import { openDatabase, reels } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { freshReel, joinReel, sumOf } from '../support/reel.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

const SETTINGS = { REEL_OPEN: 'false', REEL_INTERACTIONS_PER_SECOND: '20' };

let one: RealtimeUnderTest;
let two: RealtimeUnderTest;
beforeAll(async () => {
  one = await startRealtime(SETTINGS);
  two = await startRealtime({ ...SETTINGS, REEL_INTERACTIONS_PER_SECOND: '10000', DATABASE_URL: one.databaseUrl });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

/** A reel that exists. */
async function reelOf(node: RealtimeUnderTest): Promise<string> {
  const reel = freshReel();
  const token = await node.token('backend', { roles: ['service'] });
  await node.call('POST', `/api/v1/reels/${reel}/updates`, { token, body: { update_data: { title: 'x' } } });
  return reel;
}

it('two nodes count together: clients of both get all, and the same totals', async () => {
  const reel = await reelOf(one);
  const [anna, ben] = [await joinReel(one, 'anna', reel), await joinReel(two, 'ben', reel, { params: { encoding: 'protobuf' } })];
  await Promise.all(Array.from({ length: 120 }, (_, i) => (i < 20 ? anna : ben).push('interaction:like')));
  const likesOf = { anna: () => sumOf(anna.updates(), 'likes'), ben: () => ben.decoded().reduce((sum, { updateData }) => sum + Number(updateData['likes'] ?? 0), 0) };
  await waitFor(() => likesOf.anna() === 120 && likesOf.ben() === 120);
  const totals = anna.updates().flatMap(({ update_data }) => (update_data['counters'] as { revision: number; likes: number } | undefined) ?? []);
  expect(totals.at(-1)!.likes).toBe(120);
  expect(totals.map(({ revision }) => revision)).toEqual(totals.map(({ revision }) => revision).toSorted((a, b) => a - b));
  expect(JSON.parse(ben.decoded().at(-1)!.updateData['counters']!).likes).toBe(120);
});

it('an update for one user does not reach others on any node', async () => {
  const reel = await reelOf(one);
  const [anna, ben, benToo] = [await joinReel(two, 'anna', reel), await joinReel(two, 'ben', reel), await joinReel(one, 'ben', reel)];
  const token = await one.token('backend', { roles: ['service'] });
  const publish = (body: object) => one.call('POST', `/api/v1/reels/${reel}/updates`, { token, body });
  await publish({ update_data: { secret: 1 }, target_users: ['anna'], priority: 'urgent' });
  await publish({ update_data: { end: 1 }, priority: 'urgent' });
  await waitFor(() => [anna, ben, benToo].every((client) => client.updates().some(({ update_data }) => 'end' in update_data)));
  const secrets = [anna, ben, benToo].map((client) => client.updates().filter(({ update_data }) => 'secret' in update_data).length);
  expect(secrets).toEqual([1, 0, 0]);
});

it('totals that no node told of are told when the database is asked', async () => {
  const reel = await reelOf(one);
  const anna = await joinReel(one, 'anna', reel, { params: {} });
  const { db, stop } = openDatabase(one.databaseUrl, { max: 1, log: silentLog });
  try {
    await db.update(reels).set({ likes: 7, revision: sql`${reels.revision} + 1` }).where(eq(reels.id, reel));
  } finally {
    await stop();
  }
  await waitFor(() => anna.updates().some(({ update_data }) => (update_data['counters'] as { likes: number } | undefined)?.likes === 7));
});

it('a thousand likes at once are limited, what is answered is counted; a reel that does not exist is not made', async () => {
  const reel = await reelOf(one);
  const anna = await joinReel(one, 'anna', reel);
  const answers = await Promise.allSettled(Array.from({ length: 1_000 }, () => anna.push('interaction:like')));
  const counted = answers.filter(({ status }) => status === 'fulfilled').length;
  const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  expect(counted).toBeGreaterThanOrEqual(60);
  expect(counted).toBeLessThan(500);
  for (const reason of refused) expect(reason).toEqual({ reason: 'rate_limited', retry_after_ms: expect.any(Number) });
  expect((await joinReel(two, 'ben', reel)).reply.counters.likes).toBe(counted);
  await expect(joinReel(one, 'anna', freshReel())).rejects.toMatchObject({ reason: 'not_found' });
});

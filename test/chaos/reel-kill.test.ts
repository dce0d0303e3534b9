import { openDatabase, reelLikes, reels } from '../../packages/shared/src/db/index.ts';
import { silentLog } from '../../packages/shared/src/kernel/index.ts';
import { eq, sum } from 'drizzle-orm';
import { expect, inject, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { startRealtimeProcess } from '../support/realtime-process.ts';
import { waitFor } from '../support/wait.ts';
import { enterReel } from './support/reel-crowd.ts';

const { clients, likesPerSecond, seconds, kills } = inject('reelSize');
const REEL = 'r1';
/** A busy machine takes its time. */
const PATIENCE_MS = (seconds + 120) * 1_000;

it(`likes of ${clients} clients count exactly, though the server is killed ${kills} times`, { timeout: PATIENCE_MS * 2 }, async () => {
  await using parts = new AsyncDisposableStack();
  const database = await createTestDatabase();
  parts.defer(() => database.drop());
  const realtime = await startRealtimeProcess(database.url, { REEL_OPEN: 'true', REEL_INTERACTIONS_PER_SECOND: '10000' });
  parts.defer(() => realtime.stop());
  const fans = await Promise.all(Array.from({ length: clients }, async (_, i) => enterReel(realtime.url, await realtime.token(`fan-${i}`), REEL, String(i))));
  for (const fan of fans) parts.defer(() => fan.leave());
  await waitFor(() => fans.every((fan) => fan.joins() > 0), { timeoutMs: 30_000, what: 'every client to join' });

  const acknowledged = (): number => fans.reduce((all, fan) => all + fan.acknowledged(), 0);
  const total = clients * likesPerSecond * seconds;
  const started = performance.now();
  const liking = Promise.all(fans.map((fan) => fan.like(likesPerSecond, seconds)));
  liking.catch(() => undefined); // Awaited below; it fails when the test does so before.
  for (let kill = 1; kill <= kills; kill += 1) {
    await waitFor(() => acknowledged() >= (total * kill) / (kills + 1), { timeoutMs: PATIENCE_MS, what: `likes before kill ${kill}` });
    await realtime.killAndRestart();
  }
  await liking;
  const took = (performance.now() - started) / 1_000;

  const { db, stop } = openDatabase(database.url, { max: 1, log: silentLog });
  parts.defer(stop);
  const [reel] = await db.select().from(reels).where(eq(reels.id, REEL));
  const [given] = await db.select({ likes: sum(reelLikes.likes) }).from(reelLikes).where(eq(reelLikes.reelId, REEL));
  expect([acknowledged(), reel!.likes, Number(given!.likes)]).toEqual([total, total, total]);
  await waitFor(() => fans.every((fan) => fan.counters()?.likes === total), { what: 'every client to show the total' });
  process.stdout.write(`${total} likes acknowledged in ${took.toFixed(1)} s and ${kills + 1} lives, ${reel!.likes} there\n`);
});

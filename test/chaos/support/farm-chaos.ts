import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eq } from 'drizzle-orm';
import { expect } from 'vitest';
import { inputOf } from '../../../packages/jobs/test/support/work-job.ts';
import { deadLetters, events as eventLog, openDatabase } from '../../../packages/shared/src/db/index.ts';
import { createEvent } from '../../../packages/shared/src/events/index.ts';
import { newId, silentLog } from '../../../packages/shared/src/kernel/index.ts';
import { openQueues } from '../../../packages/shared/src/queues/index.ts';
import { openTestBus } from '../../support/bus.ts';
import { freshName } from '../../support/services/fresh.ts';
import { waitFor } from '../../support/wait.ts';
import { countEffects, type ChaosSize } from './bus-chaos.ts';
import { startCrew } from './crew.ts';
import { createEffectsTable } from './effects.ts';
import { makeTrouble } from './trouble.ts';

const WORKER = fileURLToPath(new URL('../fixtures/worker.ts', import.meta.url));

export interface FarmUnderChaos extends ChaosSize {
  databaseUrl: string;
  /** The queues are in the database when it is not set. */
  redisUrl?: string;
  /** Ends the server of the queues and starts it again over its data. */
  restart(): Promise<void>;
}

/**
 * Sets off jobs by events while jobs processes are killed and the server of the queues is restarted, and holds the outcome:
 * one row and one result event for each, nothing left in the queue, no dead letter.
 */
export async function bringChaosToFarm({ databaseUrl, redisUrl, restart, events, kills }: FarmUnderChaos): Promise<void> {
  const database = openDatabase(databaseUrl, { max: 10, log: silentLog });
  const { db } = database;
  const scratchDir = await mkdtemp(path.join(tmpdir(), 'armoricore-chaos-'));
  const bus = await openTestBus(database);
  const prefix = freshName('chaos');
  await createEffectsTable(db);
  const crew = startCrew(WORKER, [databaseUrl, scratchDir, prefix, ...(redisUrl === undefined ? [] : [redisUrl])]);
  try {
    const ids = Array.from({ length: events }, () => newId());
    for (const id of ids) await bus.publish(createEvent('media.uploaded', inputOf(id), { source: 'backend', eventId: id }));
    await makeTrouble({ progress: () => countEffects(db), total: events, kills, kill: () => crew.killOne(), restart });

    expect(crew.kills).toBeGreaterThanOrEqual(kills);
    const { rows } = await db.execute<{ event_id: string }>('SELECT event_id FROM chaos_effects');
    expect(rows.map(({ event_id }) => event_id).toSorted()).toEqual(ids.toSorted());
    const results = await db.select().from(eventLog).where(eq(eventLog.eventType, 'media.ready'));
    expect(results.map(({ event }) => (event.payload as { media_id: string }).media_id).toSorted()).toEqual(ids.toSorted());
    expect(await db.select().from(deadLetters)).toEqual([]);
    // A killed bridge may hold an event whose job is long done until the lease ends.
    await waitFor(async () => (await bus.backlog('jobs')) === 0, { timeoutMs: 30_000, what: 'every event handled' });

    const queues = await openQueues({ redisUrl, databaseUrl, prefix, log: silentLog });
    try {
      const nothingLeft = async (): Promise<boolean> => {
        const { waiting, active, delayed, failed } = await queues.counts('media');
        return waiting + active + delayed + failed === 0;
      };
      await waitFor(nothingLeft, { timeoutMs: 30_000, what: 'an empty queue' });
    } finally {
      await queues.close();
    }
  } catch (error) {
    throw new Error(`with the workers saying: ${crew.said()}`, { cause: error });
  } finally {
    await crew.stop();
    await bus.close();
    await database.stop();
    await rm(scratchDir, { recursive: true, force: true });
  }
}

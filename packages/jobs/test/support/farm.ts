import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, inArray } from 'drizzle-orm';
import { openBus, type Bus } from '@armoricore/shared/bus';
import { deadLetters, events, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import type { BusEvent } from '@armoricore/shared/events';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createFarm, type AnyJob, type Farm } from '../../src/core/index.ts';
import { inputOf, workContract } from './work-job.ts';

export interface FarmLab {
  url: string;
  database: DatabaseHandle;
  bus: Bus;
  scratchDir: string;
  /** Starts a farm that `close` ends. */
  start(jobs: AnyJob[], options?: { lockMs?: number; stopWithinMs?: number; concurrency?: number }): Promise<Farm>;
  /** Enqueues a new job and returns its id. */
  enqueue(farm: Farm, eventId?: string): Promise<string>;
  /** The result events of a job so far, waiting until there is one. */
  outcomes(jobId: string, timeoutMs?: number): Promise<BusEvent[]>;
  deadLettersOf(jobId: string): Promise<(typeof deadLetters.$inferSelect)[]>;
  scratchEntries(): Promise<string[]>;
  close(): Promise<void>;
}

/** A database, a bus and a scratch folder of its own for farms. */
export async function createFarmLab(): Promise<FarmLab> {
  const { url, drop } = await createTestDatabase();
  const scratchDir = await mkdtemp(join(tmpdir(), 'farm-test-'));
  const database = openDatabase(url, { max: 5, log: silentLog });
  const bus = await openBus({ BUS_URL: undefined }, { database, log: silentLog });
  const farms: Farm[] = [];

  async function resultEvents(jobId: string): Promise<BusEvent[]> {
    const rows = await database.db.select().from(events).where(inArray(events.eventType, ['media.ready', 'media.failed']));
    return rows.map(({ event }) => event).filter((event) => 'media_id' in event.payload && event.payload.media_id === jobId);
  }

  return {
    url,
    database,
    bus,
    scratchDir,
    async start(jobs, { lockMs = 15_000, stopWithinMs = 2_000, concurrency = 2 } = {}) {
      const common = { databaseUrl: url, db: database.db, bus, log: silentLog, scratchDir };
      const farm = createFarm({ ...common, jobs, lockMs, stopWithinMs, concurrency: { media: concurrency } });
      farms.push(farm);
      await farm.start();
      return farm;
    },
    async enqueue(farm, eventId = newId()) {
      await farm.enqueue(workContract, inputOf(eventId), eventId);
      return eventId;
    },
    outcomes: (jobId, timeoutMs = 10_000) =>
      waitFor(
        async () => {
          const found = await resultEvents(jobId);
          return found.length > 0 && found;
        },
        { what: 'the outcome of the job', timeoutMs },
      ),
    deadLettersOf: (jobId) => database.db.select().from(deadLetters).where(eq(deadLetters.refId, jobId)),
    scratchEntries: () => readdir(scratchDir),
    async close() {
      await Promise.all(farms.map((farm) => farm.stop()));
      await bus.close();
      await database.stop();
      await drop();
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
}

import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, inArray } from 'drizzle-orm';
import { describe } from 'vitest';
import type { Bus } from '@armoricore/shared/bus';
import { deadLetters, events, openDatabase, type DatabaseHandle, type DeadLetterRow } from '@armoricore/shared/db';
import type { BusEvent } from '@armoricore/shared/events';
import type { JobOccurrence } from '@armoricore/shared/jobs';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { openQueues, type QueueStore } from '@armoricore/shared/queues';
import { openTestBus, testBury } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { freshRedis } from '../../../../test/support/services/fresh.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createFarm, type AnyJob, type AnyPart, type Farm, type QueueLimits } from '../../src/core/index.ts';
import { startFixture } from './fixture-process.ts';
import { inputOf, workContract } from './work-job.ts';

export const BACKENDS = ['postgres', 'redis'] as const;
export type Backend = (typeof BACKENDS)[number];

/** Runs a suite on each backend of the queues. */
export function onEachBackend(suite: (backend: Backend) => void): void {
  describe.each(BACKENDS)('on %s', suite);
}

/** Where a farm, perhaps of another process, finds its services. */
export interface FarmPlace {
  databaseUrl: string;
  redisUrl?: string;
  scratchDir: string;
}

export interface FarmLab {
  place: FarmPlace;
  database: DatabaseHandle;
  bus: Bus;
  queues: QueueStore;
  /** What the farms told of the tries. */
  tries: JobOccurrence[];
  /** Starts a farm that `close` ends. */
  start(jobs: AnyJob[], options?: { lockMs?: number; stopWithinMs?: number; parts?: AnyPart[] } & Partial<QueueLimits>): Promise<Farm>;
  /** Starts `fixtures/<name>.ts` with the place as its argument; `close` kills it. `message` is the first that it sends. */
  startProcess<Message>(name: string): { child: ChildProcess; message: Promise<Message> };
  /** Enqueues a new job and returns its id. */
  enqueue(farm: Farm, eventId?: string): Promise<string>;
  /** The result events of a job so far, waiting until there is one. */
  outcomes(jobId: string, timeoutMs?: number): Promise<BusEvent[]>;
  deadLettersOf(jobId: string): Promise<DeadLetterRow[]>;
  scratchEntries(): Promise<string[]>;
  close(): Promise<void>;
}

/** A database, queues, a bus and a scratch folder of its own for farms. @param redisUrl a Redis of the test's own */
export async function createFarmLab(backend: Backend, { redisUrl }: { redisUrl?: string } = {}): Promise<FarmLab> {
  const { url, drop } = await createTestDatabase();
  const scratchDir = await mkdtemp(join(tmpdir(), 'farm-test-'));
  const place: FarmPlace = { databaseUrl: url, scratchDir, ...(backend === 'redis' ? { redisUrl: redisUrl ?? (await freshRedis()) } : {}) };
  const database = openDatabase(url, { max: 5, log: silentLog });
  const bus = await openTestBus(database);
  const queues = await openQueues({ ...place, workers: 4, log: silentLog });
  const farms: Farm[] = [];
  const children: ChildProcess[] = [];
  const tries: JobOccurrence[] = [];

  async function resultEvents(jobId: string): Promise<BusEvent[]> {
    const rows = await database.db.select().from(events).where(inArray(events.eventType, ['media.ready', 'media.failed']));
    return rows.map(({ event }) => event).filter((event) => 'media_id' in event.payload && event.payload.media_id === jobId);
  }

  return {
    place,
    database,
    bus,
    queues,
    tries,
    async start(jobs, { lockMs = 15_000, stopWithinMs = 2_000, parts = [], concurrency = 2, perSecond } = {}) {
      const { db } = database;
      const common = { queues, db, databaseUrl: url, bus, bury: testBury(db), log: silentLog, scratchDir };
      const farm = createFarm({ ...common, jobs, parts, lockMs, stopWithinMs, limits: { media: { concurrency, perSecond } }, observe: (occurrence) => tries.push(occurrence) });
      farms.push(farm);
      await farm.start();
      return farm;
    },
    startProcess<Message>(name: string) {
      const started = startFixture<Message>(name, place);
      children.push(started.child);
      return started;
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
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(farms.map((farm) => farm.stop()));
      await queues.close();
      await bus.close();
      await database.stop();
      await drop();
      await rm(scratchDir, { recursive: true, force: true });
    },
  };
}

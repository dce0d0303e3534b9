import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { expect } from 'vitest';
import { openBus, type Bus } from '../../../packages/shared/src/bus/index.ts';
import { deadLetters, openDatabase, type Database } from '../../../packages/shared/src/db/index.ts';
import type { BusEvent } from '../../../packages/shared/src/events/index.ts';
import { AppError, silentLog } from '../../../packages/shared/src/kernel/index.ts';
import { testBury } from '../../support/bus.ts';
import { waitFor } from '../../support/wait.ts';
import { startCrew } from './crew.ts';
import { causeOf, createEffectsTable, EFFECTS, effectSubscription, resultIdOf } from './effects.ts';
import { makeTrouble } from './trouble.ts';

const CONSUMER = fileURLToPath(new URL('../fixtures/consumer.ts', import.meta.url));
const KEYS = 40;
/** A publisher that is refused tries again, with the same event. */
const PUBLISH_AGAIN_MS = 100;

export interface ChaosSize {
  events: number;
  kills: number;
}

export interface BusUnderChaos extends ChaosSize {
  databaseUrl: string;
  busUrl: string;
  namespace: string;
  /** Ends the broker and starts it again over its data. */
  restart(): Promise<void>;
}

/**
 * Publishes events while consumer processes are killed and the broker is restarted, and holds the outcome: one effect and
 * one result for each event, in the order of each key, nothing left under way, no dead letter.
 */
export async function bringChaosToBus({ databaseUrl, busUrl, namespace, restart, events, kills }: BusUnderChaos): Promise<void> {
  const database = openDatabase(databaseUrl, { max: 20, log: silentLog });
  const { db } = database;
  const bus = await openBus({ BUS_URL: busUrl, BUS_NAMESPACE: namespace }, { database, bury: testBury(db), log: silentLog });
  const results = new Set<string>();
  await createEffectsTable(db);
  await bus.subscribe({
    group: 'results',
    types: ['presence.update'],
    maxAttempts: 100,
    handler: async ({ event_id }) => void results.add(event_id),
  });
  // The group is there before the first event: RabbitMQ keeps no order for what comes while a group is being made.
  const first = await bus.subscribe(effectSubscription(bus, db));
  await first.stop();
  const crew = startCrew(CONSUMER, [databaseUrl, busUrl, namespace]);
  try {
    const causes = makeCauses(events);
    const publishing = publishAll(bus, db, causes);
    const progress = (): Promise<number> => countEffects(db);
    await Promise.all([publishing, makeTrouble({ progress, total: events, kills, kill: () => crew.killOne(), restart })]);

    await waitFor(() => results.size >= events, { timeoutMs: 60_000, what: 'every result' });
    expect(crew.kills).toBeGreaterThanOrEqual(kills);
    await expectOneEffectEach(db, causes);
    expect([...results].toSorted()).toEqual(causes.map(resultIdOf).toSorted());
    for (const group of [EFFECTS, 'results', 'relay']) await waitFor(async () => (await bus.backlog(group)) === 0, { what: `an empty ${group}` });
    expect(await db.select().from(deadLetters)).toEqual([]);
  } catch (error) {
    throw new Error(`with the consumers saying: ${crew.said()}`, { cause: error });
  } finally {
    await crew.stop();
    await bus.close();
    await database.stop();
  }
}

type Cause = BusEvent<'user.revoked'>;

export function makeCauses(events: number): Cause[] {
  return Array.from({ length: events }, (_, i) => causeOf(`user-${i % KEYS}`, i));
}

/** The events of a key one after the other, the keys side by side; every second key through transactions. */
async function publishAll(bus: Bus, db: Database, causes: readonly Cause[]): Promise<void> {
  const byKey = Map.groupBy(causes, ({ payload }) => payload.user_id);
  await Promise.all(
    [...byKey.values()].map(async (ofKey, i) => {
      const publish = (cause: Cause): Promise<unknown> =>
        i % 2 === 0 ? bus.publish(cause) : db.transaction((transaction) => bus.publish(cause, { transaction }));
      for (const cause of ofKey) await insist(() => publish(cause));
    }),
  );
}

async function insist(publish: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await publish();
      return;
    } catch (error) {
      if ((error instanceof AppError && !error.retryable) || tries > 600) throw error;
      await pause(PUBLISH_AGAIN_MS);
    }
  }
}

export async function countEffects(db: Database): Promise<number> {
  const { rows } = await db.execute<{ done: string }>(sql`SELECT count(*) AS done FROM chaos_effects`);
  return Number(rows[0]?.done);
}

export async function expectOneEffectEach(db: Database, causes: readonly Cause[]): Promise<void> {
  const { rows } = await db.execute<{ event_id: string; key: string; label: number }>(sql`SELECT event_id, key, label FROM chaos_effects ORDER BY n`);
  expect(rows.map(({ event_id }) => event_id).toSorted()).toEqual(causes.map(({ event_id }) => event_id).toSorted());
  for (const ofKey of Map.groupBy(rows, ({ key }) => key).values()) {
    const labels = ofKey.map(({ label }) => label);
    expect(labels).toEqual(labels.toSorted((a, b) => a - b));
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { handleOnce, type Bus, type SubscriptionOptions } from '../../../packages/shared/src/bus/index.ts';
import type { Database } from '../../../packages/shared/src/db/index.ts';
import { createEvent, type BusEvent } from '../../../packages/shared/src/events/index.ts';
import { deriveId } from '../../../packages/shared/src/kernel/index.ts';

export const EFFECTS = 'effects';
type Cause = BusEvent<'user.revoked'>;

/** Has no key on the event: what is done twice is there twice. */
export async function createEffectsTable(db: Database): Promise<void> {
  await db.execute(sql`
    CREATE TABLE chaos_effects (n bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, key text NOT NULL, label integer NOT NULL)`);
}

export function causeOf(key: string, label: number): Cause {
  return createEvent('user.revoked', { user_id: key, reason: String(label) }, { source: 'backend' });
}

export function resultIdOf(cause: Pick<Cause, 'event_id'>): string {
  return deriveId(cause.event_id, 'result');
}

/** Writes one row for each event and publishes one result, in one transaction where the bus can. */
export function effectSubscription(bus: Bus, db: Database): SubscriptionOptions<'user.revoked'> {
  return {
    group: EFFECTS,
    types: ['user.revoked'],
    leaseMs: 1_500,
    maxAttempts: 100, // Being killed is not the event's fault.
    backoff: { baseMs: 10, maxMs: 200 },
    async handler(cause) {
      const { user_id: key, reason: label } = cause.payload;
      const payload = { user_id: key, status: 'offline', topic: `label:${label}` } as const;
      const result = createEvent('presence.update', payload, { source: 'realtime', eventId: resultIdOf(cause) });
      await handleOnce(db, EFFECTS, cause, async (transaction) => {
        await transaction.execute(sql`INSERT INTO chaos_effects (event_id, key, label) VALUES (${cause.event_id}, ${key}, ${Number(label)})`);
        await pause(Math.random() * 8); // Time to be killed in.
        if (bus.transactional) await bus.publish(result, { transaction });
      });
      if (!bus.transactional) await bus.publish(result);
    },
  };
}

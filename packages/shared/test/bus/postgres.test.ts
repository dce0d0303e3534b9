import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testBury } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { eventually, gate, labelled, labelOf, NO_BACKOFF, range, TYPES } from '../../src/bus/conformance/support.ts';
import { openBus, type Bus } from '../../src/bus/index.ts';
import { pruneEvents } from '../../src/bus/postgres/prune.ts';
import { createPostgresBus } from '../../src/bus/postgres.ts';
import { openDatabase } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { makePostgresHarness, type PostgresHarness } from './postgres-harness.ts';

let harness: PostgresHarness;
let bus: Bus;
const children: ChildProcess[] = [];

beforeEach(async () => {
  harness = await makePostgresHarness();
  bus = await harness.open();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await harness.close();
});

const rowsOf = async (query: string): Promise<Record<string, unknown>[]> => (await harness.database.pool.query(query)).rows as Record<string, unknown>[];
const killBackends = () => rowsOf(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`);

async function collect(group: string, on = bus): Promise<string[]> {
  const seen: string[] = [];
  await on.subscribe({ group, types: TYPES, leaseMs: 500, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

/** Runs consumer-process.ts and resolves when it has begun an event, with what it said. */
async function consumeInProcess(group: string, options: { leaseMs: number; maxAttempts: number; mode: 'hang' | 'die' }) {
  const file = fileURLToPath(new URL('consumer-process.ts', import.meta.url));
  const args = [file, harness.url, group, String(options.leaseMs), String(options.maxAttempts), options.mode];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const exited = once(child, 'exit');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, exited, said: String(said).trim() };
}

describe('a publish within a transaction', () => {
  it('does not exist when the transaction is rolled back', async () => {
    const seen = await collect('g');
    const undone = harness.database.db.transaction(async (transaction) => {
      expect(await bus.publish(labelled('u', 'undone'), { transaction })).toEqual({ duplicate: false });
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    await bus.publish(labelled('u', 'after'));
    await eventually(() => seen, ['after']);
    expect(await rowsOf('SELECT count(*)::int AS n FROM events')).toEqual([{ n: 1 }]);
  });

  it('is delivered when the transaction commits, not before', async () => {
    const seen = await collect('g');
    await harness.database.db.transaction(async (transaction) => {
      await bus.publish(labelled('u', 'held'), { transaction });
      await bus.publish(labelled('other', 'free'));
      await eventually(() => seen, ['free']);
    });
    await eventually(() => seen, ['free', 'held']);
  });

  it('is seen by a group that is made while the transaction is open', async () => {
    const subscribed = gate();
    let seen: Promise<string[]> | undefined;
    await harness.database.db.transaction(async (transaction) => {
      await bus.publish(labelled('u', 'open'), { transaction });
      seen = collect('new').finally(subscribed.open);
      // The group waits for this transaction.
      const waiting = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
      await eventually(() => rowsOf(waiting), [{ n: 1 }]);
    });
    await subscribed.opened;
    const labels = await seen;
    await eventually(() => labels, ['open']);
  });

  it('that commits late is not handled beside a younger event of its key', async () => {
    const young = gate();
    const release = gate();
    const log: string[] = [];
    await bus.subscribe({
      group: 'g',
      types: TYPES,
      handler: async (event) => {
        log.push(`begin ${labelOf(event)}`);
        if (labelOf(event) === 'young') {
          young.open();
          await release.opened;
        }
        log.push(`end ${labelOf(event)}`);
      },
    });
    await harness.database.db.transaction(async (transaction) => {
      await bus.publish(labelled('u', 'old'), { transaction });
      await bus.publish(labelled('u', 'young'));
      await young.opened;
    });
    await bus.publish(labelled('other', 'passes'));
    await eventually(() => log, ['begin young', 'begin passes', 'end passes']);
    release.open();
    await eventually(() => log, ['begin young', 'begin passes', 'end passes', 'end young', 'begin old', 'end old']);
  });

  it('tells a duplicate from a conflict', async () => {
    const event = labelled('u', 1);
    await bus.publish(event);
    await harness.database.db.transaction(async (transaction) => {
      expect(await bus.publish(event, { transaction })).toEqual({ duplicate: true });
      await expect(bus.publish({ ...event, payload: { user_id: 'v' } }, { transaction })).rejects.toMatchObject({ code: 'event_id_conflict' });
    });
  });
});

describe('when connections break', () => {
  it('goes on by itself when every backend is killed in mid-flow, and loses nothing', async () => {
    const seen = new Set<string>();
    const handler = async (event: ReturnType<typeof labelled>): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      seen.add(labelOf(event));
    };
    await bus.subscribe({ group: 'g', types: TYPES, leaseMs: 500, maxAttempts: 50, handler });
    const publisher = await harness.open();
    const publishSurely = async (label: number): Promise<void> => {
      const event = labelled(`u${label % 5}`, label);
      for (;;) {
        try {
          return void (await publisher.publish(event));
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
        }
      }
    };
    for (const i of range(60)) {
      if (i % 15 === 7) await killBackends();
      await publishSurely(i);
    }
    await eventually(() => seen.size, 60);
    expect(await harness.deadLetters('g')).toEqual([]);
    await eventually(() => rowsOf('SELECT count(*)::int AS n FROM bus_deliveries'), [{ n: 0 }]);
  });

  it('listens again after its listening connection was lost', async () => {
    const seen = await collect('g');
    const listening = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`;
    await eventually(async () => (await rowsOf(listening)).length, 1);
    const [before] = await rowsOf(listening);
    await killBackends();
    await eventually(async () => (await rowsOf(listening)).filter(({ pid }) => pid !== before?.pid).length, 1);
    await bus.publish(labelled('u', 1)).catch(() => bus.publish(labelled('u', 1)));
    await eventually(() => seen, ['1']);
  });

  it('says unavailable when there is no database', async () => {
    const database = openDatabase('postgres://nobody@127.0.0.1:1/none', { log: silentLog });
    const connectionString = 'postgres://nobody@127.0.0.1:1/none';
    const lost = createPostgresBus({ database, connectionString, bury: testBury(database.db), log: silentLog });
    await expect(lost.ready()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(lost.publish(labelled('u', 1))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(lost.subscribe({ group: 'g', types: TYPES, handler: async () => undefined })).rejects.toMatchObject({ code: 'unavailable' });
    await lost.close();
    await database.stop();
  });
});

describe('when a consumer process is killed', () => {
  it('gives its event to another', async () => {
    await bus.publish(labelled('u', 'x'));
    const { child, exited, said } = await consumeInProcess('g', { leaseMs: 600, maxAttempts: 5, mode: 'hang' });
    expect(said).toBe('x#1');
    const attempts: number[] = [];
    await bus.subscribe({ group: 'g', types: TYPES, leaseMs: 600, handler: async (_, { attempt }) => void attempts.push(attempt) });
    // It lives, so its lease is kept for longer than it lasts.
    const leaseNow = async (): Promise<unknown> => (await rowsOf('SELECT available_at::text AS at FROM bus_deliveries'))[0]?.at;
    const first = await leaseNow();
    for (let extended = 0, last = first; extended < 4; ) {
      const at = await leaseNow();
      if (at !== last) extended += 1;
      last = at;
    }
    expect(attempts).toEqual([]);
    child.kill('SIGKILL');
    await exited;
    await eventually(() => attempts, [2]);
  });

  it('moves an event that kills whoever takes it to the dead letters', async () => {
    const killer = labelled('u', 'killer');
    await bus.publish(killer);
    for (const attempt of [1, 2]) {
      const { exited, said } = await consumeInProcess('g', { leaseMs: 300, maxAttempts: 2, mode: 'die' });
      expect(said).toBe(`killer#${attempt}`);
      await exited;
    }
    await bus.publish(labelled('u', 'next'));
    const { said } = await consumeInProcess('g', { leaseMs: 300, maxAttempts: 2, mode: 'hang' });
    expect(said).toBe('next#1');
    expect(await harness.deadLetters('g')).toMatchObject([{ eventId: killer.event_id, attempts: 2 }]);
  });
});

describe('the event log', () => {
  it('moves a stored event that can no longer be read to the dead letters, and goes on', async () => {
    const event = labelled('u', 'changed');
    await bus.publish(event);
    await rowsOf(`UPDATE events SET event = jsonb_set(event, '{payload}', '{"user_id": 7}')`);
    await bus.publish(labelled('u', 'next'));
    const seen = await collect('g');
    await eventually(() => seen, ['next']);
    expect(await harness.deadLetters('g')).toMatchObject([{ eventId: event.event_id, reason: 'invalid_payload', attempts: 1 }]);
  });

  it('keeps in the dead letter the event as it was, and its reason as text that fits', async () => {
    const event = labelled('u', 1);
    await bus.publish(event);
    const handler = async (): Promise<void> => {
      throw new Error(`a\0${'x'.repeat(10_000)}`);
    };
    await bus.subscribe({ group: 'g', types: TYPES, maxAttempts: 1, backoff: NO_BACKOFF, handler });
    await eventually(() => rowsOf('SELECT kind, origin, ref_id, name, payload, attempts, length(last_error) AS length FROM dead_letters'), [
      { kind: 'event', origin: 'g', ref_id: event.event_id, name: 'user.revoked', payload: event, attempts: 1, length: 4_000 },
    ]);
  });

  it('forgets events that are old and handled by all, and no others', async () => {
    for (const label of ['old', 'young', 'owed']) await bus.publish(labelled(label, label));
    const seen = await collect('g');
    await eventually(() => seen.toSorted(), ['old', 'owed', 'young']);
    await eventually(() => rowsOf('SELECT count(*)::int AS n FROM bus_deliveries'), [{ n: 0 }]);
    await rowsOf(`UPDATE events SET published_at = now() - interval '8 days' WHERE event->'payload'->>'reason' <> 'young'`);
    await rowsOf(`INSERT INTO bus_groups (name, types) VALUES ('down', '{}')`);
    await rowsOf(`INSERT INTO bus_deliveries (group_name, seq, key) SELECT 'down', seq, key FROM events WHERE event->'payload'->>'reason' = 'owed'`);
    const { db } = harness.database;
    expect(await pruneEvents(db, 7 * 24 * 3600 * 1000)).toBe(1);
    expect(await rowsOf(`SELECT event->'payload'->>'reason' AS label FROM events ORDER BY seq`)).toEqual([{ label: 'young' }, { label: 'owed' }]);
    expect(await pruneEvents(db, 7 * 24 * 3600 * 1000)).toBe(0);
  });

  it('claims quickly from a long backlog behind one key', async () => {
    const backlog = labelled('u', 'backlog');
    await bus.subscribe({ group: 'g', types: ['presence.update'], handler: async () => undefined });
    await harness.database.db.execute(sql`
      INSERT INTO events (event_id, event_type, key, event, digest)
      SELECT gen_random_uuid(), 'user.revoked', 'user:u', ${JSON.stringify(backlog)}::jsonb, '' FROM generate_series(1, 20000)`);
    const seen: number[] = [];
    const begun = performance.now();
    const other = await harness.open();
    await other.subscribe({ group: 'h', types: TYPES, handler: async (_, { attempt }) => void seen.push(attempt) });
    await eventually(() => seen.length >= 20, true);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe('the switch', () => {
  it('opens the bus in the database of the product, or in one of its own', async () => {
    const { database } = harness;
    const dependencies = { database, bury: testBury(database.db), log: silentLog };
    const home = await openBus({ BUS_URL: undefined, BUS_NAMESPACE: 'test' }, dependencies);
    const atHome = await collect('g', home);
    await home.publish(labelled('u', 'home'));
    await eventually(() => atHome, ['home']);
    await home.close();

    const apart = await createTestDatabase();
    const away = await openBus({ BUS_URL: apart.url, BUS_NAMESPACE: 'test' }, dependencies);
    const seen = await collect('g', away);
    await away.publish(labelled('u', 'away'));
    await database.db.transaction((transaction) => away.publish(labelled('u', 'with a transaction'), { transaction }));
    await eventually(() => seen, ['away', 'with a transaction']);
    expect(atHome).toEqual(['home']);
    await away.close();
    await apart.drop();
  });
});

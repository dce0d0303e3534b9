import { afterEach, beforeEach, expect, it } from 'vitest';
import { testBury } from '../../../../test/support/bus.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { eventually, labelled, labelOf, range, TYPES } from '../../src/bus/conformance/support.ts';
import { createMemoryBroker, createMemoryBus, type Bus, type MemoryBroker } from '../../src/bus/index.ts';
import { withOutbox } from '../../src/bus/outbox.ts';
import { createPostgresBus } from '../../src/bus/postgres.ts';
import { deadLetters, openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { AppError, silentLog } from '../../src/kernel/index.ts';

let testDatabase: TestDatabase;
let database: DatabaseHandle;
let broker: MemoryBroker;
const opened: Bus[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { log: silentLog });
  broker = createMemoryBroker();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close()));
  await database.stop();
  await testDatabase.drop();
});

/** A bus over the memory broker as a process would open it; `publish` stands in the way of its relay. */
async function openWith(publish: (pass: Bus['publish']) => Bus['publish'] = (pass) => pass, always = false): Promise<Bus> {
  const memory = createMemoryBus({ broker });
  const connectionString = testDatabase.url;
  const outbox = createPostgresBus({ database, connectionString, bury: testBury(database.db), log: silentLog, audience: 'relay' });
  const bus = await withOutbox({ ...memory, publish: publish(memory.publish) }, { outbox, log: silentLog, always });
  opened.push(bus);
  return bus;
}

async function collect(bus: Bus): Promise<string[]> {
  const seen: string[] = [];
  await bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

it('hands over what was committed, in the order of each key, and nothing that was rolled back', async () => {
  const bus = await openWith();
  await openWith(); // Another process relays, too.
  const seen = await collect(bus);
  for (const i of range(10)) await database.db.transaction((transaction) => bus.publish(labelled('u', i), { transaction }));
  const undone = database.db.transaction(async (transaction) => {
    await bus.publish(labelled('u', 'undone'), { transaction });
    throw new Error('rolled back');
  });
  await expect(undone).rejects.toThrow('rolled back');
  await eventually(() => seen, range(10).map(String));
  await eventually(() => bus.backlog('relay'), 0);
});

it('keeps events while the broker is away, and hands them over when it is back', async () => {
  let away = true;
  const bus = await openWith((pass) => (event, options) => (away ? Promise.reject(new AppError('unavailable')) : pass(event, options)));
  const seen = await collect(bus);
  for (const i of range(3)) await database.db.transaction((transaction) => bus.publish(labelled('u', i), { transaction }));
  await expect(bus.publish(labelled('u', 'direct'))).rejects.toMatchObject({ code: 'unavailable' });
  expect(await bus.backlog('relay')).toBe(3);
  away = false;
  await eventually(() => seen, ['0', '1', '2']);
});

it('buries what the broker will never take, and goes on with its key', async () => {
  const bus = await openWith((pass) => (event, options) =>
    event.payload && 'reason' in event.payload && event.payload.reason === 'bad' ? Promise.reject(new AppError('payload_too_large')) : pass(event, options),
  );
  const seen = await collect(bus);
  for (const label of ['bad', 'good']) await database.db.transaction((transaction) => bus.publish(labelled('u', label), { transaction }));
  await eventually(() => seen, ['good']);
  expect(await database.db.select().from(deadLetters)).toMatchObject([{ origin: 'relay', reason: 'payload_too_large', attempts: 1 }]);
});

it('tells duplicates for a bus that cannot, when everything takes the way through it', async () => {
  const bus = await openWith(undefined, true);
  const seen = await collect(bus);
  const event = labelled('u', 1);
  expect(await bus.publish(event)).toEqual({ duplicate: false });
  expect(await bus.publish(event)).toEqual({ duplicate: true });
  await expect(bus.publish({ ...labelled('u', 2), event_id: event.event_id })).rejects.toMatchObject({ code: 'event_id_conflict' });
  await eventually(() => seen, ['1']);
});

it('passes on whom an event is for', async () => {
  const bus = await openWith();
  const seen: unknown[] = [];
  for (const group of ['a', 'b']) {
    await bus.subscribe({ group, types: TYPES, handler: async (_, { onlyFor }) => void seen.push([group, onlyFor]) });
  }
  await database.db.transaction((transaction) => bus.publish(labelled('u', 1), { transaction, group: 'b' }));
  await eventually(() => seen, [['b', 'b']]);
});

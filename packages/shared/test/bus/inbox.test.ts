import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { gate, labelled } from '../../src/bus/conformance/support.ts';
import { createInbox, handleOnce } from '../../src/bus/inbox.ts';
import { pruneEvents } from '../../src/bus/postgres/prune.ts';
import { auditLog, openDatabase, type DatabaseHandle, type Transaction } from '../../src/db/index.ts';
import { newId, silentLog } from '../../src/kernel/index.ts';

let testDatabase: TestDatabase;
let database: DatabaseHandle;
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url, { log: silentLog });
});
afterEach(async () => {
  await database.stop();
  await testDatabase.drop();
});

const write = async (transaction: Transaction): Promise<void> => {
  await transaction.insert(auditLog).values({ id: newId(), actor: 'test', action: 'effect', subject: 'test' });
};
const effects = async (): Promise<number> => (await database.db.select().from(auditLog)).length;

it('does the effect of an event once in each group', async () => {
  const event = labelled('u', 1);
  expect(await handleOnce(database.db, 'a', event, write)).toBe(true);
  expect(await handleOnce(database.db, 'a', event, write)).toBe(false);
  expect(await handleOnce(database.db, 'b', event, write)).toBe(true);
  expect(await effects()).toBe(2);
});

it('forgets an event whose effect failed, with all that the effect wrote', async () => {
  const event = labelled('u', 1);
  const broken = async (transaction: Transaction): Promise<void> => {
    await write(transaction);
    throw new Error('half way');
  };
  await expect(handleOnce(database.db, 'a', event, broken)).rejects.toThrow('half way');
  expect(await effects()).toBe(0);
  expect(await handleOnce(database.db, 'a', event, write)).toBe(true);
});

it('lets a second delivery at the same moment wait for the first', async () => {
  const event = labelled('u', 1);
  const [begun, finish] = [gate(), gate()];
  const first = handleOnce(database.db, 'a', event, async (transaction) => {
    begun.open();
    await finish.opened;
    await write(transaction);
  });
  await begun.opened;
  const second = handleOnce(database.db, 'a', event, write);
  finish.open();
  expect(await Promise.all([first, second])).toEqual([true, false]);
  expect(await effects()).toBe(1);
});

it('refuses an id that was used for another content', async () => {
  const event = labelled('u', 'first');
  await handleOnce(database.db, 'a', event, write);
  const other = { ...labelled('u', 'second'), event_id: event.event_id };
  await expect(handleOnce(database.db, 'a', other, write)).rejects.toMatchObject({ code: 'event_id_conflict' });
  expect(await effects()).toBe(1);
});

it('is pruned with the log', async () => {
  const event = labelled('u', 1);
  await handleOnce(database.db, 'a', event, write);
  await pruneEvents(database.db, 3_600_000);
  expect(await handleOnce(database.db, 'a', event, write)).toBe(false);
  await pruneEvents(database.db, -1_000);
  expect(await handleOnce(database.db, 'a', event, write)).toBe(true);
});

it('does the effects of many events once, whoever noted them, and in each group', async () => {
  const events = Array.from({ length: 600 }, (_, n) => labelled('u', n));
  const inbox = createInbox(database.db, 'a');
  const effect = vi.fn(async () => undefined);
  const handle = (some: typeof events) => Promise.all(some.map((event) => inbox.handle(event, effect)));
  expect(await handle(events.slice(0, 300))).toEqual(Array(300).fill(true));
  expect(await handle(events.slice(0, 300))).toEqual(Array(300).fill(false));
  await handleOnce(database.db, 'a', events[300]!, write);
  expect(await handle(events)).toEqual(events.map((_, n) => n > 300));
  expect(effect).toHaveBeenCalledTimes(599);
  expect(await createInbox(database.db, 'b').handle(events[0]!, effect)).toBe(true);
  expect(await handleOnce(database.db, 'a', events[0]!, write)).toBe(false);
});

it('does an effect that failed again, and refuses, of several, the one whose id was used for another content', async () => {
  const [first, second] = [labelled('u', 'first'), labelled('u', 'second')];
  const inbox = createInbox(database.db, 'a');
  const effect = vi.fn(async () => undefined).mockRejectedValueOnce(new Error('half way'));
  await expect(inbox.handle(first, effect)).rejects.toThrow('half way');
  expect(await inbox.handle(first, effect)).toBe(true);
  const asked = [inbox.handle({ ...second, event_id: first.event_id }, effect), inbox.handle(second, effect), inbox.handle(first, effect)];
  expect(await Promise.allSettled(asked)).toMatchObject([{ status: 'rejected', reason: { code: 'event_id_conflict' } }, { value: true }, { value: false }]);
  expect(effect).toHaveBeenCalledTimes(3);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import type { Bus } from '../../src/bus/index.ts';
import { openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { createEvent, type BusEvent } from '../../src/events/index.ts';
import { newId, silentLog } from '../../src/kernel/index.ts';

let own: TestDatabase;
let database: DatabaseHandle;
let bus: Bus;
beforeEach(async () => {
  own = await createTestDatabase();
  database = openDatabase(own.url, { max: 5, log: silentLog });
  bus = await openTestBus(database);
});
afterEach(async () => {
  await bus.close();
  await database.stop();
  await own.drop();
});

const event = (reason: string, eventId = newId()): BusEvent => createEvent('user.revoked', { user_id: 'u1', reason }, { source: 'backend', eventId });
const publishAll = (events: BusEvent[]) => database.db.transaction((transaction) => bus.publishAll!(events, { transaction }));

test('events that are published together come in their order, each once', async () => {
  const seen: string[] = [];
  await bus.subscribe({ group: 'g', types: ['user.revoked'], handler: async ({ payload }) => void seen.push(payload.reason ?? '') });
  const [first, twice] = [event('first'), event('twice')];
  await bus.publish(first);
  const published = await publishAll([first, twice, event("with 'quotes', \"marks\", {braces} and \\"), twice, event('last')]);
  expect(published.map(({ duplicate }) => duplicate)).toEqual([true, false, false, true, false]);
  await waitFor(() => seen.includes('last'));
  expect(seen).toEqual(['first', 'twice', "with 'quotes', \"marks\", {braces} and \\", 'last']);
});

test('one that takes the id of another refuses them all', async () => {
  const known = event('known');
  await bus.publish(known);
  const fresh = event('fresh');
  await expect(publishAll([fresh, event('other', known.event_id)])).rejects.toMatchObject({ code: 'event_id_conflict' });
  expect(await publishAll([fresh])).toEqual([{ duplicate: false }]);
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { testBury } from '../../../../test/support/bus.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { labelled, TYPES } from '../../src/bus/conformance/support.ts';
import type { Claim, DeliveryStore } from '../../src/bus/delivery-store.ts';
import { registerGroup } from '../../src/bus/postgres/groups.ts';
import { createDeliveryStore } from '../../src/bus/postgres/store.ts';
import { makePostgresHarness, type PostgresHarness } from './postgres-harness.ts';

let harness: PostgresHarness;
let store: DeliveryStore;
let lost: Claim;
let mine: Claim;

const rows = async () => (await harness.database.pool.query('SELECT attempts, available_at::text FROM bus_deliveries')).rows as unknown[];

// One event, claimed by a consumer whose lease ran out and then by another.
beforeEach(async () => {
  harness = await makePostgresHarness();
  const { db } = harness.database;
  await registerGroup(db, 'g', TYPES);
  await (await harness.open()).publish(labelled('u', 1));
  lost = (await createDeliveryStore(db, { group: 'g', types: TYPES, leaseMs: 1, bury: testBury(db) }).claim(1))[0]!;
  store = createDeliveryStore(db, { group: 'g', types: TYPES, leaseMs: 60_000, bury: testBury(db) });
  mine = await waitFor(async () => (await store.claim(1))[0]);
});
afterEach(() => harness.close());

it('counts each claim as a try', () => {
  expect([lost.attempts, mine.attempts, mine.id]).toEqual([1, 2, lost.id]);
});

it('does nothing with a claim that was lost to another', async () => {
  const before = await rows();
  await store.acknowledge(lost);
  await store.retry(lost, 0);
  await store.release(lost);
  await store.bury(lost, { reason: 'internal', lastError: 'x', attempts: 1 });
  expect(await store.extend([lost])).toEqual([]);
  expect(await rows()).toEqual(before);
  expect(await harness.deadLetters('g')).toEqual([]);
});

it('ends a claim that is held', async () => {
  expect(await store.extend([lost, mine])).toEqual([mine]);
  await store.acknowledge(mine);
  expect(await rows()).toEqual([]);
});

it('gives back a claim as though it had not been tried', async () => {
  await store.release(mine);
  expect((await store.claim(1))[0]).toMatchObject({ attempts: 2 });
});

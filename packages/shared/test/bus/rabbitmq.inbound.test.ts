import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { eventually, labelled, labelOf, range, TYPES } from '../../src/bus/conformance/support.ts';
import { createMemoryBroker, createMemoryBus, type Bus } from '../../src/bus/index.ts';
import { withOutbox } from '../../src/bus/outbox.ts';
import { openRabbitBus } from '../../src/bus/rabbitmq.ts';
import type { Bury, DeadLetter } from '../../src/dead-letters/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { removeNamespace } from './rabbitmq-harness.ts';

let backend: ChannelModel;
let channel: ConfirmChannel;
let namespace: string;
let letters: DeadLetter[];
let log: ReturnType<typeof createMemoryBroker>;
const buses: Bus[] = [];

beforeEach(async () => {
  backend = await connect(inject('rabbitUrl'), { noDelay: true });
  channel = await backend.createConfirmChannel();
  namespace = freshName();
  letters = [];
  log = createMemoryBroker();
});
afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  await backend.close();
  await removeNamespace(inject('rabbitUrl'), namespace);
});

/** The bus of one process, with an outbox that all share. */
async function open(bury: Bury = async (letter) => void letters.push(letter)): Promise<Bus> {
  const outbox = createMemoryBus({ broker: log });
  const rabbit = openRabbitBus({ url: inject('rabbitUrl'), namespace, bury, log: silentLog }, outbox);
  const bus = await withOutbox(rabbit, { outbox, log: silentLog, always: true });
  buses.push(bus);
  await eventually(() => isThere(), true);
  return bus;
}

/** Whether the place of the last source is there, which is made last. */
async function isThere(): Promise<boolean> {
  const look = await backend.createChannel();
  look.on('error', () => undefined);
  return look.checkQueue(`${namespace}.in.caption-worker`).then(
    () => true,
    () => false,
  );
}

async function collect(bus: Bus, seen: string[] = []): Promise<string[]> {
  await bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

/** As a backend does it, with the plain client. */
async function send(body: unknown, source = 'backend'): Promise<void> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  channel.publish(`${namespace}.in`, `${source}.anything`, bytes, { persistent: true, mandatory: true });
  await channel.waitForConfirms();
}

const left = async (source = 'backend'): Promise<number> => (await channel.checkQueue(`${namespace}.in.${source}`)).messageCount;

describe('what another system publishes', () => {
  it('reaches a group when it is a good event, and leaves the queue', async () => {
    const seen = await collect(await open());
    await send(labelled('u', 1));
    await send({ ...labelled('u', 2), timestamp: '2020-01-01T00:00:00Z' });
    await send({ ...labelled('u', 3), timestamp: '2040-01-01T00:00:00+02:00' });
    await eventually(() => seen, ['1', '2', '3']);
    await eventually(left, 0);
    expect(letters).toEqual([]);
  });

  it('becomes a dead letter at once when it is not, and what follows goes on', async () => {
    const seen = await collect(await open());
    const event = labelled('u', 'first');
    await send('{"event_type": ');
    await send(Buffer.from([0xff, 0xfe]));
    await send({ ...labelled('u', 1), event_type: 'user.exploded' });
    await send({ ...labelled('u', 1), source: 'realtime' });
    await send({ ...labelled('u', 1), payload: { user_id: 5 } });
    await send('x'.repeat(5 * 1024 * 1024));
    await send(event);
    await send(event);
    await send({ ...event, payload: { user_id: 'u', reason: 'another' } });
    await send(labelled('u', 'last'));
    await eventually(() => seen, ['first', 'last']);
    expect(letters.map(({ origin, reason, attempts }) => [origin, reason, attempts])).toEqual(
      ['invalid_event', 'invalid_event', 'unknown_event_type', 'source_not_allowed', 'invalid_payload', 'payload_too_large', 'event_id_conflict'].map(
        (reason) => ['intake', reason, 1],
      ),
    );
    expect(new Set(letters.map(({ refId }) => refId)).size).toBe(letters.length);
    await eventually(left, 0);
  });

  it('is looked at to 16 MiB at most', async () => {
    await open();
    await send('x'.repeat(17 * 1024 * 1024));
    await eventually(() => letters.map(({ reason, payload }) => [reason, (payload as string).length]), [['payload_too_large', 16 * 1024 * 1024]]);
  });

  it('may only be of the source that the place is for', async () => {
    const seen = await collect(await open());
    await send(labelled('u', 'backend'), 'realtime');
    await send({ ...labelled('u', 'realtime'), source: 'realtime' }, 'realtime');
    await eventually(() => seen, ['realtime']);
    expect(letters).toMatchObject([{ reason: 'source_not_allowed' }]);
  });

  it('waits, in order, while its dead letters cannot be written', async () => {
    let failures = 3;
    const bus = await open(async (letter) => {
      if (failures-- > 0) throw new Error('no database');
      letters.push(letter);
    });
    const seen = await collect(bus);
    for (const body of [labelled('u', 1), 'nonsense', labelled('u', 2)]) await send(body);
    await eventually(() => seen, ['1', '2']);
    expect(letters).toMatchObject([{ reason: 'invalid_event' }]);
  });
});

it('is taken in by one process at a time; the next goes on when it stops, and order holds', async () => {
  const seen: string[] = [];
  const first = await open();
  const second = await open();
  for (const bus of [first, second]) await collect(bus, seen);
  const sending = (async () => {
    for (const i of range(200)) await send(labelled('u', i));
  })();
  await eventually(() => seen.length > 20, true);
  await first.close();
  await sending;
  await eventually(left, 0);
  await eventually(() => second.backlog('g'), 0);
  const published = [...log.events.values()].map(({ json }) => (JSON.parse(json) as ReturnType<typeof labelled>).payload.reason);
  expect(published).toEqual(range(200).map(String));
  expect([...new Set(seen)]).toEqual(published);
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { labelled } from '../../src/bus/conformance/support.ts';
import { createMemoryBus, type MemoryBus } from '../../src/bus/index.ts';
import { createIntake, type InboundMessage } from '../../src/bus/intake.ts';
import type { DeadLetter } from '../../src/dead-letters/index.ts';
import { MAX_EVENT_BYTES } from '../../src/events/index.ts';
import { newId, silentLog } from '../../src/kernel/index.ts';

let bus: MemoryBus;
let letters: DeadLetter[];
let takeIn: (message: InboundMessage) => Promise<void>;
beforeEach(() => {
  bus = createMemoryBus();
  letters = [];
  takeIn = createIntake({ bus, bury: async (letter) => void letters.push(letter), log: silentLog });
});
afterEach(() => bus.close());

const messageOf = (body: unknown, source = 'backend'): InboundMessage => ({
  id: 'm-1',
  source,
  body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

it('publishes a good event', async () => {
  const event = labelled('u', 1);
  await takeIn(messageOf(event));
  expect(await bus.publish(event)).toEqual({ duplicate: true });
  expect(letters).toEqual([]);
});

it('takes the same message twice without harm', async () => {
  const event = labelled('u', 1);
  await takeIn(messageOf(event));
  await takeIn(messageOf(event));
  expect(letters).toEqual([]);
});

it.each([
  ['no JSON', 'hello', 'invalid_event', 'unknown'],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00]), 'invalid_event', 'unknown'],
  ['a list', [1, 2], 'invalid_event', 'unknown'],
  ['a malformed envelope', { event_type: 'user.revoked', payload: 5 }, 'invalid_event', 'user.revoked'],
  ['an unknown type', { ...labelled('u', 1), event_type: 'user.exploded' }, 'unknown_event_type', 'user.exploded'],
  ['a wrong payload', { ...labelled('u', 1), payload: { user_id: 5 } }, 'invalid_payload', 'user.revoked'],
  ['a type that the source may not send', { ...labelled('u', 1), event_type: 'media.ready', payload: {} }, 'invalid_payload', 'media.ready'],
  ['a foreign source', { ...labelled('u', 1), source: 'realtime' }, 'source_not_allowed', 'user.revoked'],
  ['too much', JSON.stringify('x'.repeat(MAX_EVENT_BYTES)), 'payload_too_large', 'unknown'],
])('buries %s at once', async (_, body, reason, name) => {
  await takeIn(messageOf(body));
  expect(letters).toMatchObject([{ kind: 'event', origin: 'intake', refId: 'm-1', name, reason, attempts: 1 }]);
});

it('buries an id that was used for another content', async () => {
  const event = labelled('u', 'first');
  await takeIn(messageOf(event));
  await takeIn(messageOf({ ...labelled('u', 'second'), event_id: event.event_id }));
  expect(letters).toMatchObject([{ reason: 'event_id_conflict' }]);
});

it('takes no notice of a clock that is wrong', async () => {
  for (const timestamp of ['1999-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z']) {
    await takeIn(messageOf({ ...labelled('u', 1), event_id: newId(), timestamp }));
  }
  expect(letters).toEqual([]);
});

it('leaves the message with the broker when the bus is away', async () => {
  bus.disconnect();
  await expect(takeIn(messageOf(labelled('u', 1)))).rejects.toMatchObject({ code: 'unavailable' });
  expect(letters).toEqual([]);
});

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { startService } from '../../../../test/support/services/process.ts';
import { HOST, serverPort } from '../../../../test/support/services/tcp.ts';
import { eventually, labelled, labelOf, TYPES } from '../../src/bus/conformance/support.ts';
import type { Bus } from '../../src/bus/index.ts';
import { openNatsBus } from '../../src/bus/nats.ts';
import type { Bury, DeadLetter } from '../../src/dead-letters/index.ts';
import { silentLog } from '../../src/kernel/index.ts';

let nc: NatsConnection;
let js: JetStreamClient;
let jsm: JetStreamManager;
let namespace: string;
let letters: DeadLetter[];
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  nc = await connect({ servers: inject('natsUrl') });
  js = jetstream(nc);
  jsm = await jetstreamManager(nc);
  namespace = freshName();
  letters = [];
});
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
  await nc.close();
});

async function open({ url = inject('natsUrl'), bury = async (letter) => void letters.push(letter) }: { url?: string; bury?: Bury } = {}): Promise<Bus> {
  const bus = await openNatsBus({ url, namespace, bury, log: silentLog });
  cleanups.push(() => bus.close());
  await bus.ready();
  return bus;
}

async function collect(bus: Bus): Promise<string[]> {
  const seen: string[] = [];
  await bus.subscribe({ group: 'g', types: TYPES, handler: async (event) => void seen.push(labelOf(event)) });
  return seen;
}

/** As a backend does it, with the plain client. */
const send = (body: unknown, source = 'backend') =>
  js.publish(`${namespace}.in.${source}.user.revoked`, typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
const waiting = async (): Promise<number> => (await jsm.streams.info(`${namespace}-in`)).state.messages;

describe('what another system publishes', () => {
  it('reaches a group when it is a good event, whatever its clock says, and leaves its stream', async () => {
    const seen = await collect(await open());
    await send(labelled('u', 1));
    await send({ ...labelled('u', 2), timestamp: '2025-01-01T00:00:00Z' });
    await send({ ...labelled('u', 3), timestamp: '2040-01-01T00:00:00+02:00' });
    await eventually(() => seen, ['1', '2', '3']);
    await eventually(waiting, 0);
    expect(letters).toEqual([]);
  });

  it('becomes a dead letter at once when it is not, and what follows goes on', async () => {
    const seen = await collect(await open());
    const event = labelled('u', 'first');
    await send('{"event_type": ');
    await send(Uint8Array.of(0xff, 0xfe));
    await send({ ...labelled('u', 1), event_type: 'user.exploded' });
    await send({ ...labelled('u', 1), source: 'realtime' });
    await send({ ...labelled('u', 1), payload: { user_id: 5 } });
    await send('x'.repeat(900_000));
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
    await eventually(waiting, 0);
  });

  it('is refused by the broker when it is larger than the broker takes', async () => {
    await open();
    await expect(send('x'.repeat(5 * 1024 * 1024))).rejects.toThrow('max_payload size exceeded');
    await expect(js.publish(`${namespace}.in.nobody.user.revoked`, '{}')).rejects.toThrow();
  });

  it('waits, in its order, while a dead letter cannot be kept, and is then the same one', async () => {
    let refused = 0;
    const ids = new Set<string>();
    const bury: Bury = async (letter) => {
      ids.add(letter.refId);
      if (++refused < 4) throw new Error('the database is away');
      letters.push(letter);
    };
    const buses = [await open({ bury }), await open({ bury })];
    const seen = await collect(buses[0]!);
    await send('no event');
    await send(labelled('u', 'after'));
    await eventually(() => seen, ['after']);
    expect(letters).toHaveLength(1);
    expect([...ids]).toEqual([letters[0]!.refId]);
  });

  it('goes to another process when the one that had it stops', async () => {
    let stuck = 0;
    const first = await open({ bury: () => (stuck++, Promise.reject(new Error('the database is away'))) });
    await send('no event');
    await eventually(() => stuck > 0, true);
    await first.close();
    await open();
    await eventually(() => letters.length, 1);
  });
});

describe('a broker with users', () => {
  it('lets nobody claim the source of another', async () => {
    // As docs/bus.md has it.
    const users = `[
      { user: armoricore, password: "p@ss/word", permissions: {
          publish: ["$JS.API.>", "$JS.ACK.>", "${namespace}.events.>", "${namespace}.wake.*"]
          subscribe: ["_INBOX.>", "${namespace}.wake.*"] } }
      { user: backend, password: "change-me", permissions: {
          publish: ["${namespace}.in.backend.>"]
          subscribe: ["_INBOX_backend.>"] } }
    ]`;
    const server = await startService({
      name: 'nats',
      prepare: async (folder) => {
        const port = await serverPort();
        const config = path.join(folder, 'nats.conf');
        await writeFile(config, `listen: "${HOST}:${port}"\njetstream { store_dir: "${folder}" }\nauthorization { users: ${users} }\n`);
        return { command: ['nats-server', '--config', config], port };
      },
      hello: { words: 'CONNECT {"verbose":false,"user":"armoricore","pass":"p@ss/word"}\r\nPING\r\n', answer: /\r\nPONG\r\n/ },
      url: (port) => `nats://armoricore:${encodeURIComponent('p@ss/word')}@${HOST}:${port}`,
    });
    cleanups.push(() => server.stop());
    const seen = await collect(await open({ url: server.url }));
    const { host } = new URL(server.url);
    const backend = await connect({ servers: host, user: 'backend', pass: 'change-me', inboxPrefix: '_INBOX_backend' });
    cleanups.push(() => backend.close());
    const publish = (subject: string) => jetstream(backend).publish(subject, JSON.stringify(labelled('u', subject)), { timeout: 2_000 });
    await publish(`${namespace}.in.backend.user.revoked`);
    for (const forbidden of [`${namespace}.in.realtime.user.revoked`, `${namespace}.events.0.user.revoked`]) {
      await expect(publish(forbidden)).rejects.toThrow('Permissions Violation');
    }
    await eventually(() => seen, [`${namespace}.in.backend.user.revoked`]);
  });
});

/**
 * Durable chat messages, with a private PostgreSQL that is as durable as it is by default:
 * `npm run bench -- chat [--rooms N] [--messages N] [--rate N] [--seconds N] [--rounds N] [--json FILE]`.
 * First how messages are written: in batches, and beside it each in a transaction of its own. Then the whole way: sockets of
 * two users in each room, a realtime process, and back; from when a message was due until it is acknowledged.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { conversations } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { createChatWriter, type ChatLog, type Draft } from '../packages/realtime/src/domain/chat-writer.ts';
import { createChatLog } from '../packages/realtime/src/persistence/chat-log.ts';
import { startRealtimeProcess } from '../test/support/realtime-process.ts';
import { Client, PATIENCE_MS } from './load/client.ts';
import { clientFrame } from './load/frames.ts';
import { Latencies } from './load/measure.ts';
import { openPlace, type Place } from './load/place.ts';
import { bounded, report, type Result } from './load/report.ts';

const { values } = parseArgs({
  options: {
    rooms: { type: 'string', default: '100' },
    messages: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const rooms = bounded('rooms', values.rooms, 1, 1_000);
const messages = bounded('messages', values.messages, 100, 1_000_000);
const rate = bounded('rate', values.rate, 1, 20_000);
const seconds = bounded('seconds', values.seconds, 1, 60);
const rounds = bounded('rounds', values.rounds, 1, 10);
/** Senders that wait for one message before they send the next. */
const SENDERS = rooms * 2;
const NOTIFY_DELAY_MS = 3_600_000;

const draftOf = (i: number, round: string): Draft => ({
  conversationId: `room-${i % rooms}`, senderId: `user-${i % SENDERS}`, type: 'text', content: `message ${i} of some words, as people write them`,
  replyTo: null, attachments: [], clientMessageId: `${round}-${i}`,
});

/** As many messages as the senders bring in, one after the other each. */
async function closedLoop(send: (i: number) => Promise<unknown>): Promise<Record<string, number>> {
  const latencies = new Latencies();
  const started = performance.now();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < messages) {
      const at = performance.now();
      await send(next++);
      latencies.add(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return { 'messages/s': (messages / (performance.now() - started)) * 1_000, ...quantiles(latencies) };
}

const quantiles = (latencies: Latencies): Record<string, number> => ({ 'p50 ms': latencies.quantile(0.5), 'p99 ms': latencies.quantile(0.99) });

const WAYS: Record<string, (log: ChatLog) => (draft: Draft) => Promise<unknown>> = {
  'one transaction a message': (log) => (draft) => log.append([draft]),
  batched: (log) => createChatWriter({ log, announce: () => undefined, logger: silentLog }).send,
};

/** The round whose figure is in the middle. */
function median(all: readonly Record<string, number>[], figure: string): Record<string, number> {
  return all.toSorted((a, b) => a[figure]! - b[figure]!)[Math.floor(all.length / 2)]!;
}

/** A database that has been written to for a while takes files of its log that it has used before, and makes no new ones. */
async function warmUp({ database: { pool } }: Place): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await pool.query(`CREATE TEMPORARY TABLE warm_${i} (x int)`);
    await pool.query('SELECT pg_switch_wal()');
  }
  await pool.query('CHECKPOINT');
}

/** The median round of each way, the ways taking turns. */
async function writes({ database: { db }, bus }: Place): Promise<Result[]> {
  await db.insert(conversations).values(Array.from({ length: rooms }, (_, i) => ({ id: `room-${i}` })));
  const log = createChatLog({ db, bus, notifyDelayMs: NOTIFY_DELAY_MS });
  const measured = new Map<string, Record<string, number>[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [row, way] of Object.entries(WAYS)) {
      const send = way(log);
      measured.set(row, [...(measured.get(row) ?? []), await closedLoop((i) => send(draftOf(i, `${row}-${round}`)))]);
    }
  }
  return [...measured].map(([row, all]) => ({ row, metrics: median(all, 'messages/s') }));
}

/** A socket of a user in a room, which knows what each of its sends is to get. */
async function enter(url: string, token: string, room: string): Promise<{ send(content: string): Promise<unknown>; leave(): Promise<void> }> {
  const client = await Client.open(Number(new URL(url).port), `/socket/websocket?vsn=2.0.0&token=${token}`);
  const answers = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  let refs = 0;
  client.reader.look = (payload) => {
    const text = payload.toString();
    const [, ref] = /^\["1","(\d+)",/.exec(text) ?? [];
    const answer = ref === undefined ? undefined : answers.get(ref);
    if (answer === undefined) return;
    answers.delete(ref!);
    if (text.includes('"status":"ok"')) answer.resolve();
    else answer.reject(new Error(text.slice(0, 200)));
  };
  const push = (event: string, payload: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const ref = String((refs += 1));
      const late = setTimeout(() => reject(new Error(`no answer to ${event}`)), PATIENCE_MS);
      const settled = (done: () => void) => () => {
        clearTimeout(late);
        done();
      };
      answers.set(ref, { resolve: settled(resolve), reject: (error) => settled(() => reject(error))() });
      client.send(clientFrame(JSON.stringify(['1', ref, `chat:${room}`, event, payload])));
    });
  await push('phx_join', {});
  return {
    send: (content) => push('message:send', { type: 'text', content, clientMessageId: `${refs}-${content.length}` }),
    leave: () => client.close(),
  };
}

async function sockets(place: Place): Promise<Result[]> {
  const env = { CHAT_OPEN_ROOMS: 'true', CHAT_MESSAGES_PER_SECOND: '10000', LOG_LEVEL: 'info' };
  const realtime = await startRealtimeProcess(place.databaseUrl, env);
  try {
    const members = await Promise.all(Array.from({ length: SENDERS }, async (_, i) => enter(realtime.url, await realtime.token(`user-${i}`), `lobby-${i % rooms}`)));
    const send = (i: number): Promise<unknown> => members[i % SENDERS]!.send(draftOf(i, '').content);
    const most = await closedLoop(send);
    const steady: Record<string, number>[] = [];
    for (let round = 0; round < rounds; round++) steady.push(await openLoop(send));
    for (const member of members) await member.leave();
    return [{ row: 'by sockets, as many as go', metrics: most }, { row: `by sockets, ${rate} a second`, metrics: median(steady, 'p99 ms') }];
  } finally {
    await realtime.stop();
  }
}

/** At a steady rate, from when each was due. */
async function openLoop(send: (i: number) => Promise<unknown>): Promise<Record<string, number>> {
  const latencies = new Latencies();
  const total = rate * seconds;
  const started = performance.now();
  const underWay: Promise<void>[] = [];
  for (let i = 0; i < total; i++) {
    const due = started + (i * 1_000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await pause(wait);
    underWay.push(send(i).then(() => latencies.add(performance.now() - due)));
  }
  await Promise.all(underWay);
  return { 'messages/s': (total / (performance.now() - started)) * 1_000, ...quantiles(latencies) };
}

const place = await openPlace('postgres');
try {
  await warmUp(place);
  const written = await writes(place);
  const [single, batched] = written.map(({ metrics }) => metrics['messages/s']!);
  const results = [...written, ...(await sockets(place))];
  process.stdout.write(report(`${messages} messages of ${SENDERS} senders in ${rooms} rooms; batched : single = ${(batched! / single!).toFixed(2)}`, results));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ rooms, messages, rate, seconds, rounds, results }, null, 2)}\n`);
} finally {
  await place.close();
}

import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import type { NewMessage } from '../../packages/realtime/src/contracts/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { startRealtimeProcess } from '../support/realtime-process.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { enter, type Member } from './support/chat-crowd.ts';

const { clients, rooms, messagesPerSecond, seconds } = inject('chatLossSize');
const between = (least: number, most: number): number => least + Math.random() * (most - least);

/** Cuts the connection again and again: after 3 to 15 s, for up to 2 s. */
async function cutNowAndThen(proxy: TcpProxy, signal: AbortSignal): Promise<void> {
  let first = true;
  while (!signal.aborted) {
    await pause(between(first ? 0 : 3_000, 15_000), undefined, { signal }).catch(() => undefined);
    first = false;
    if (signal.aborted) break;
    proxy.cut();
    await pause(between(0, 2_000), undefined, { signal }).catch(() => undefined);
    proxy.mend();
  }
}

it(`${clients} clients whose connections are cut get every message once and in order`, { timeout: (seconds + 120) * 1_000 }, async () => {
  await using parts = new AsyncDisposableStack();
  const database = await createTestDatabase();
  parts.defer(() => database.drop());
  const realtime = await startRealtimeProcess(database.url, { CHAT_OPEN_ROOMS: 'true' });
  parts.defer(() => realtime.stop());
  const over = new AbortController();
  const members: Member[] = [];
  const cutting: Promise<void>[] = [];
  for (let i = 0; i < clients; i++) {
    const proxy = await startTcpProxy(realtime.url);
    parts.defer(() => proxy.close());
    const member = enter(proxy.through(realtime.url), await realtime.token(`user-${i}`), `room-${i % rooms}`);
    parts.defer(() => member.leave());
    members.push(member);
    cutting.push(cutNowAndThen(proxy, over.signal));
  }
  await waitFor(() => members.every((member) => member.joins() > 0), { timeoutMs: 30_000, what: 'every client to join' });

  const sending: Promise<NewMessage>[] = [];
  const started = performance.now();
  for (let n = 0; n < messagesPerSecond * seconds; n++) {
    await pause(Math.max(0, started + (n * 1_000) / messagesPerSecond - performance.now()));
    // In each room another member sends.
    for (let room = 0; room < rooms; room++) sending.push(members[room + rooms * (n % Math.floor(clients / rooms))]!.send(`${room}/${n}`));
  }
  over.abort();
  await Promise.all(cutting);
  const acknowledged = await Promise.all(sending);

  const total = messagesPerSecond * seconds;
  expect(acknowledged).toHaveLength(total * rooms);
  await waitFor(() => members.every(({ got }) => got.length >= total), { timeoutMs: 30_000, what: 'every message at every client' });
  expect(members.flatMap(({ faults }) => faults)).toEqual([]);
  for (const { room, got } of members) {
    expect(got.map(({ seq }) => seq)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    const mine = acknowledged.filter(({ conversationId }) => conversationId === room);
    expect(new Map(got.map(({ id, content }) => [content, id]))).toEqual(new Map(mine.map(({ id, content }) => [content, id])));
  }
  const joins = members.reduce((sum, member) => sum + member.joins(), 0);
  process.stdout.write(`${total * rooms} messages, ${total * clients} deliveries, ${joins - clients} cut connections, no fault\n`);
  expect(joins).toBeGreaterThan(clients);
});

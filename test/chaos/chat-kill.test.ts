import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import type { NewMessage } from '../../packages/realtime/src/contracts/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { startRealtimeProcess } from '../support/realtime-process.ts';
import { waitFor } from '../support/wait.ts';
import { enter } from './support/chat-crowd.ts';

const { kills } = inject('chaosSize');
const SENDERS = 6;

it(`every acknowledged message is there after the server was killed ${kills} times in the middle of sends`, { timeout: 30_000 + kills * 10_000 }, async () => {
  await using parts = new AsyncDisposableStack();
  const database = await createTestDatabase();
  parts.defer(() => database.drop());
  const realtime = await startRealtimeProcess(database.url, { CHAT_OPEN_ROOMS: 'true', CHAT_MESSAGES_PER_SECOND: '10000' });
  parts.defer(() => realtime.stop());
  const senders = await Promise.all(Array.from({ length: SENDERS }, async (_, i) => enter(realtime.url, await realtime.token(`user-${i}`), 'room')));
  for (const sender of senders) parts.defer(() => sender.leave());
  await waitFor(() => senders.every((sender) => sender.joins() > 0), { what: 'every client to join' });

  const acknowledged: NewMessage[] = [];
  let over = false;
  const sending = senders.map(async (sender, i) => {
    // A few under way at any time: a kill meets some of them at each stage.
    const lane = async (k: number): Promise<void> => {
      for (let n = 0; !over; n++) {
        acknowledged.push(await sender.send(`${i}/${k}/${n}`));
        await pause(5);
      }
    };
    await Promise.all([0, 1, 2].map(lane));
  });
  for (let kill = 0; kill < kills; kill++) {
    const before = acknowledged.length;
    await waitFor(() => acknowledged.length > before + 30, { timeoutMs: 20_000, what: 'sends to go on' });
    await realtime.killAndRestart();
  }
  over = true;
  await Promise.all(sending);

  const last = Math.max(...acknowledged.map(({ seq }) => seq));
  await waitFor(() => senders.every(({ got }) => got.length >= last), { timeoutMs: 20_000, what: 'every message at every client' });
  const faults = senders.flatMap((sender) => sender.faults);
  expect(faults).toEqual([]);
  const byName = new Map(senders[0]!.got.map((message) => [message.clientMessageId, message.id]));
  expect(byName.size).toBe(senders[0]!.got.length);
  for (const { clientMessageId, id } of acknowledged) expect(byName.get(clientMessageId)).toBe(id);
  process.stdout.write(`${acknowledged.length} acknowledged in ${kills} lives, ${senders[0]!.got.length} there\n`);
});

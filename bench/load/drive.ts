import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.ts';
import { ageOf, Latencies, stamped } from './measure.ts';
import type { Protocol } from './protocols.ts';

/** One who speaks in a room. */
export interface Sender {
  client: Client;
  topic: string;
}

/**
 * Sends `rate` messages a second for a while, each sender in its turn, due at fixed times. Answers how old messages were when
 * the observers got them, counted from when they were due.
 */
export async function broadcastAt(
  protocol: Protocol,
  senders: readonly Sender[],
  { observers, rate, bytes, seconds }: { observers: readonly Client[]; rate: number; bytes: number; seconds: number },
): Promise<Latencies> {
  const latencies = new Latencies();
  for (const { reader } of observers) reader.look = (payload) => latencies.add(ageOf(payload));
  const start = performance.now();
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    const due = start + (sent * 1000) / rate;
    while (performance.now() < due) await (due - performance.now() > 2 ? pause(1) : nextTurn());
    const { client, topic } = senders[sent % senders.length]!;
    client.send(protocol.shout(stamped(bytes, due), topic));
  }
  return latencies;
}

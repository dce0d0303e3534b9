import { setTimeout as pause } from 'node:timers/promises';
import { Client, PATIENCE_MS } from './client.ts';
import type { ServerProcess } from './server.ts';

/** Handshakes under way at a time. */
const CONCURRENCY = 64;
/** When nothing came for so long, nothing more will, in ms. */
const SILENCE_MS = 500;

/** Connected clients, each in a room. They leave at the end of the block: `using crowd = await Crowd.join(…)`. */
export class Crowd implements Disposable {
  readonly clients: Client[] = [];
  readonly #tally = { count: 0 };

  /** @param topicOf the room of each; by default all are in one */
  static async join(server: ServerProcess, size: number, topicOf = (_index: number): string => 'bench:1'): Promise<Crowd> {
    const crowd = new Crowd();
    try {
      await atATime(CONCURRENCY, size, async (index) => {
        const client = await joinRoom(server, topicOf(index));
        client.reader.tally = crowd.#tally;
        crowd.clients[index] = client;
      });
    } catch (error) {
      crowd[Symbol.dispose]();
      throw error;
    }
    return crowd;
  }

  /** Frames that all clients together got since they joined. */
  get received(): number {
    return this.#tally.count;
  }

  /** Waits until `count` frames came, or no more do; answers how many are missing. */
  async missing(count: number): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let before = -1; this.received < count && this.received !== before && performance.now() < deadline; ) {
      before = this.received;
      await pause(SILENCE_MS);
    }
    return count - this.received;
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client?.socket.destroy(); // One is missing where its join failed.
  }
}

export async function joinRoom(server: ServerProcess, topic: string): Promise<Client> {
  const client = await Client.open(server.port, server.protocol.path);
  try {
    await server.protocol.join(client, topic);
  } catch (error) {
    client.socket.destroy();
    throw error;
  }
  return client;
}

/** Runs a task for each index below `total`, `width` of them under way. After a failure none begins; those under way end first. */
export async function atATime(width: number, total: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    try {
      while (next < total) await task(next++);
    } catch (error) {
      next = total;
      throw error;
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: width }, worker));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

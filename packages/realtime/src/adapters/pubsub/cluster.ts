import { describeError, type Log } from '@armoricore/shared/kernel';
import { randomBytes } from 'node:crypto';
import { createLocalPubSub, type PubSub } from '../../engine/index.ts';
import { Assembly, decodeBatch, encodeBroadcast, toPackets } from './packets.ts';

/** A way to all nodes. What is sent may be lost; what arrives of one sender arrives in order. */
export interface Link {
  /** Largest packet, in bytes. */
  maxBytes: number;
  /** Sends packets to all nodes, this one perhaps included. Rejects when they are lost. */
  send(packets: readonly string[]): Promise<void>;
  /** Rejects unless packets come and go. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

export type OpenLink = (receive: (packet: string) => void) => Link;

/** Characters of broadcasts that may wait to be sent; what comes on top of them reaches this node alone. */
const MOST_WAITING = 16 * 1024 * 1024;
/** Characters of one batch. */
const BATCH = 256 * 1024;
const READY_MS = 10_000;

export interface ClusterPubSub extends PubSub {
  /** Broadcasts of this node that did not get to the others. */
  readonly lost: number;
  ready(): Promise<void>;
  close(): Promise<void>;
}

/**
 * PubSub over a link. The listeners of this node are called at once; for the others, what is published in a turn of the event
 * loop, and while a batch is on its way, goes out as the next batch. When the link is down or too slow broadcasts are lost.
 */
export function createClusterPubSub(openLink: OpenLink, { log }: { log: Log }): ClusterPubSub {
  const node = randomBytes(9).toString('base64url');
  const local = createLocalPubSub((thrown) => log.error({ reason: describeError(thrown), err: thrown }, 'a PubSub listener threw'));
  const assembly = new Assembly(node);
  const link = openLink(receive);
  let waiting: string[] = [];
  let waitingSize = 0;
  let batches = 0;
  let lost = 0;
  let losing = false;
  let sending: Promise<void> | null = null;

  function receive(packet: string): void {
    const batch = assembly.add(packet);
    if (batch === null) return;
    try {
      for (const broadcast of decodeBatch(batch, local.has)) local.publish(broadcast);
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'a batch of broadcasts of another node cannot be read');
    }
  }

  function enqueue(encoded: string): void {
    if (waitingSize + encoded.length > MOST_WAITING) return lose(1, 'too many broadcasts wait');
    waiting.push(encoded);
    waitingSize += encoded.length;
    sending ??= new Promise<void>((resolve) => setImmediate(resolve)).then(sendAll);
  }

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      await link.send(toPackets(batch.join(''), node, (batches += 1), link.maxBytes)).then(
        () => {
          if (losing) log.info({ lost }, 'broadcasts reach the other nodes again');
          losing = false;
        },
        (error: unknown) => lose(batch.length, describeError(error)),
      );
    }
    sending = null;
  }

  function takeBatch(): string[] {
    let size = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || size + waiting[count]!.length <= BATCH)) size += waiting[count++]!.length;
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingSize -= size;
    return batch;
  }

  function lose(count: number, reason: string): void {
    if (!losing) log.warn({ reason }, 'broadcasts do not reach the other nodes');
    losing = true;
    lost += count;
  }

  return {
    get lost() {
      return lost;
    },
    publish(broadcast) {
      try {
        enqueue(encodeBroadcast(broadcast));
      } catch (error) {
        lose(1, describeError(error)); // A cycle, a bigint …: listeners here may take it all the same.
      }
      local.publish(broadcast);
    },
    subscribe: local.subscribe,
    ready: () => link.ready(),
    async close() {
      await sending;
      await link.close();
    },
  };
}

/** Resolves when `isUp` says so, which is asked now and then. @throws Error after some seconds */
export async function untilUp(isUp: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!isUp()) {
    if (performance.now() > deadline) throw new Error(`${what} cannot be reached`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

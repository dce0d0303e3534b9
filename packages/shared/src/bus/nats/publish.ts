import { setTimeout as delay } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager, type PubAck } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { AppError, fullJitter, newId } from '../../kernel/index.ts';
import type { EncodedEvent } from '../encode.ts';
import { unavailable } from '../unavailable.ts';
import type { Link, Session } from './link.ts';
import { assertGroup } from '../subscription.ts';
import { laneOf, type NatsNames } from './names.ts';

/** Publishes that may wait for the broker at once, and how long each waits, in ms. */
const MAX_WAITING = 1_000;
const WAIT_MS = 5_000;
const BACKOFF = { baseMs: 50, maxMs: 500 };

/** The one group that is to get an event. */
export const GROUP_HEADER = 'Armoricore-Group';
const DIGEST_HEADER = 'Armoricore-Digest';
/** Tells the publisher that the earlier event of this id is the one that it sent itself before the connection broke. */
const PUBLISH_HEADER = 'Armoricore-Publish';

/** Appends an event to the log and wakes its lane. @throws AppError `event_id_conflict`, `payload_too_large`, `unavailable`, `overloaded` */
export type Publisher = (event: EncodedEvent, onlyFor?: string) => Promise<{ duplicate: boolean }>;

export function createPublisher(link: Link, names: NatsNames): Publisher {
  let waiting = 0;

  async function deliver(event: EncodedEvent, onlyFor: string | undefined): Promise<{ duplicate: boolean }> {
    const { id, type, key, json, digest } = event;
    const lane = laneOf(key);
    const subject = names.eventSubject(lane, type);
    const publishId = newId();
    const deadline = performance.now() + WAIT_MS;
    for (let failures = 1; ; failures++) {
      const session = await link.within(deadline - performance.now());
      const about = headers();
      about.set(DIGEST_HEADER, digest);
      about.set(PUBLISH_HEADER, publishId);
      if (onlyFor !== undefined) about.set(GROUP_HEADER, assertGroup(onlyFor));
      assertFits(session, json);
      try {
        const ack = await session.js.publish(subject, json, { msgID: id, headers: about, timeout: Math.max(1, deadline - performance.now()) });
        if (!ack.duplicate) {
          link.tell(names.wake(lane));
          return { duplicate: false };
        }
        return await compare(session.jsm, ack, { id, digest, publishId });
      } catch (error) {
        if (error instanceof AppError) throw error;
        const pauseMs = fullJitter(BACKOFF, failures);
        if (performance.now() + pauseMs >= deadline) throw unavailable(error, 'The broker does not take the event.');
        await delay(pauseMs);
      }
    }
  }

  return async (event, onlyFor) => {
    if (waiting >= MAX_WAITING) throw new AppError('overloaded', { service: 'bus', waiting });
    waiting += 1;
    try {
      return await deliver(event, onlyFor);
    } finally {
      waiting -= 1;
    }
  };
}

/** Room for the headers, in bytes. */
const HEADROOM = 1_024;

/** A broker whose `max_payload` is smaller than our largest event. */
function assertFits({ nc }: Session, json: string): void {
  const max = nc.info?.max_payload ?? Infinity;
  const bytes = Buffer.byteLength(json);
  if (bytes + HEADROOM > max) throw new AppError('payload_too_large', { bytes, max_bytes: max - HEADROOM });
}

interface Own {
  id: string;
  digest: string;
  publishId: string;
}

/** The broker knows the id: a repeat, an id used twice, or our own that arrived although we did not hear so. */
async function compare(jsm: JetStreamManager, { stream, seq }: PubAck, { id, digest, publishId }: Own): Promise<{ duplicate: boolean }> {
  const earlier = await jsm.streams.getMessage(stream, { seq }).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return null; // An operator took it out.
    throw error;
  });
  if (earlier === null) return { duplicate: true };
  if (earlier.header.get(DIGEST_HEADER) !== digest) throw new AppError('event_id_conflict', { event_id: id });
  return { duplicate: earlier.header.get(PUBLISH_HEADER) !== publishId };
}

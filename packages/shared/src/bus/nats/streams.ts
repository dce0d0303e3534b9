import {
  AckPolicy, DeliverPolicy, DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType,
  type ConsumerConfig, type JetStreamManager, type StreamConfig,
} from '@nats-io/jetstream';
import { nanos, type WithRequired } from '@nats-io/transport-node';
import { EVENT_SOURCES } from '../../events/index.ts';
import { allLanes, type NatsNames } from './names.ts';

const HOUR_MS = 3_600_000;
/** How long events stay in the log, also for groups that did not handle them. */
const RETENTION_MS = 7 * 24 * HOUR_MS;
/** For how long the broker tells a repeat from a new event: it keeps the ids of these hours in memory. */
const DUPLICATES_MS = 2 * HOUR_MS;
/** The largest message that is taken in; a larger one is refused by the broker. */
const MAX_INBOUND_BYTES = 16 * 1024 * 1024;
/** A process that dies with a message of another system gives it back after this, in ms. */
export const INBOUND_LEASE_MS = 30_000;

/**
 * Makes the streams and the consumers of the inbound places where they are missing. A stream that is there stays as it
 * is: its limits and replicas are the operator's.
 */
export async function ensureStreams(jsm: JetStreamManager, names: NatsNames): Promise<void> {
  await ensureStream(jsm, {
    name: names.events,
    subjects: [names.eventSubjects],
    storage: StorageType.File,
    max_age: nanos(RETENTION_MS),
    duplicate_window: nanos(DUPLICATES_MS),
    // No bound by bytes; where an operator sets one, publishers hear of it rather than events getting lost.
    discard: DiscardPolicy.New,
  });
  await ensureStream(jsm, {
    name: names.inbound,
    subjects: names.inboundSubjects,
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_msg_size: MAX_INBOUND_BYTES,
  });
  const consumers = EVENT_SOURCES.map((source) =>
    ensureConsumer(jsm, names.inbound, { durable_name: names.sourceConsumer(source), filter_subject: names.sourceSubjects(source) }, INBOUND_LEASE_MS),
  );
  await Promise.all(consumers);
}

/** Makes a group: a consumer for each lane, from the beginning of the log. `leaseMs` of the last one who says it holds. */
export async function ensureGroup(jsm: JetStreamManager, names: NatsNames, { group, leaseMs }: { group: string; leaseMs: number }): Promise<void> {
  const consumers = allLanes().map((lane) =>
    ensureConsumer(jsm, names.events, { durable_name: names.laneConsumer(group, lane), filter_subject: names.laneSubjects(lane) }, leaseMs),
  );
  await Promise.all(consumers);
}

/** Events that a group has before it, those of other types included; 0 for one that is not there. */
export async function groupBacklog(jsm: JetStreamManager, names: NatsNames, group: string): Promise<number> {
  const counts = allLanes().map(async (lane) => {
    try {
      const { num_pending, num_ack_pending } = await jsm.consumers.info(names.events, names.laneConsumer(group, lane));
      return num_pending + num_ack_pending;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Whether there is no such consumer or stream. */
export function isMissing(error: unknown): boolean {
  const { ConsumerNotFound, StreamNotFound } = JetStreamApiCodes;
  return error instanceof JetStreamApiError && [ConsumerNotFound, StreamNotFound].some((code) => code === error.code);
}

async function ensureStream(jsm: JetStreamManager, config: WithRequired<Partial<StreamConfig>, 'name'>): Promise<void> {
  try {
    await jsm.streams.info(config.name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await jsm.streams.add(config); // Another process that does the same at the same moment does no harm.
  }
}

/** A durable pull consumer that has one message out at a time, so that they are handled in their order. */
async function ensureConsumer(jsm: JetStreamManager, stream: string, config: Partial<ConsumerConfig>, leaseMs: number): Promise<void> {
  await jsm.consumers.add(stream, {
    ...config,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(leaseMs),
    max_ack_pending: 1,
    max_deliver: -1,
  });
}

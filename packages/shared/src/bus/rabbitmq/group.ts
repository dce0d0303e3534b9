import type { Bury } from '../../dead-letters/index.ts';
import type { EventType } from '../../events/index.ts';
import { describeError, type Log } from '../../kernel/index.ts';
import { startConsumer } from '../consumer.ts';
import type { Observe } from '../observe.ts';
import type { Subscription } from '../port.ts';
import type { CompleteSubscription } from '../subscription.ts';
import { keepConnected, openChannel, type Connection } from './connection.ts';
import { shareLanes } from './lanes.ts';
import type { Names } from './names.ts';
import type { Publisher } from './publisher.ts';
import { createLaneStore } from './store.ts';
import { bindLanes, declareExchanges, declareLanes } from './topology.ts';

/** How long a subscription waits for the broker. */
const SUBSCRIBE_TIMEOUT_MS = 10_000;
/** How often events are looked for that were on their way to nobody at the moment the group was made. */
const STRAGGLERS_EVERY_MS = 60_000;
/** Of a heartbeat: a lease is three, as the broker takes up to three to see that a consumer is gone. */
const [MIN_HEARTBEAT_S, MAX_HEARTBEAT_S] = [2, 20];

interface GroupDependencies {
  url: string;
  names: Names;
  publisher: Publisher;
  bury: Bury;
  log: Log;
  observe: Observe | undefined;
}

/**
 * Consumes a group, which is made when it is not there, over a connection of its own.
 * @throws AppError `unavailable` when the broker does not answer within 10 s
 */
export async function consumeGroup<T extends EventType>(
  subscription: CompleteSubscription<T>,
  { url, names, publisher, bury, log, observe }: GroupDependencies,
): Promise<Subscription> {
  const { group, types, leaseMs } = subscription;
  const store = createLaneStore({ group, types, bury });
  const heartbeatS = Math.min(Math.max(Math.floor(leaseMs / 3_000), MIN_HEARTBEAT_S), MAX_HEARTBEAT_S);
  let onWork: () => void = () => undefined;

  async function open(connection: Connection): Promise<void> {
    const channel = await openChannel(connection);
    await declareExchanges(channel, names);
    await declareLanes(channel, names, group);
    const moved = await moveWaiting(); // First what is older than what the group gets once it is bound.
    await bindLanes(channel, names, group, types);
    if (moved) await moveWaiting();
    const share = { connection, publisher, names, group, types, log, onWork: () => onWork(), onGone: store.forget };
    store.use(await shareLanes(share));
    onWork();
  }

  /** A broker that takes nothing has to be consumed from all the same. */
  async function moveWaiting(): Promise<boolean> {
    try {
      await publisher.moveWaiting(group, types);
      return true;
    } catch (error) {
      log.warn({ group, reason: describeError(error) }, 'events from before the group have to wait');
      return false;
    }
  }

  const link = keepConnected({ url, name: `${names.events} ${group}`, heartbeatS, log, open });
  try {
    await link.session(SUBSCRIBE_TIMEOUT_MS);
  } catch (error) {
    await link.close();
    throw error;
  }

  const consumer = startConsumer(store, subscription, { log, observe });
  onWork = consumer.wake;
  let moving: Promise<unknown> | undefined;
  const stragglers = setInterval(() => void (moving ??= moveWaiting().finally(() => (moving = undefined))), STRAGGLERS_EVERY_MS);

  async function stop(): Promise<void> {
    clearInterval(stragglers);
    store.leave();
    await consumer.stop();
    await moving;
    await store.left();
    await link.close();
  }

  let stopped: Promise<void> | undefined;
  return { stop: () => (stopped ??= stop()) };
}

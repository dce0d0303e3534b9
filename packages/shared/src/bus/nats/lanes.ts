import { createInbox, nanos, type Msg, type Subscription } from '@nats-io/transport-node';
import type { Log } from '../../kernel/index.ts';
import { readDelivered, type Delivered } from './delivered.ts';
import type { Link, Session } from './link.ts';
import { allLanes, LANES, type NatsNames } from './names.ts';
import { ensureGroup, isMissing } from './streams.ts';

/** How often every lane is looked at, in ms: what another process gave back, and what was published by one that died at it. */
const POLL_MS = 900;
/**
 * How long a pull waits in the broker, in ms: long enough on a lane that should have something, short on one whose message
 * another process seems to hold. A pull that waits takes a slot.
 */
const LIKELY_MS = 100;
const HELD_MS = 10;
/** An answer that is not there after that is not coming, in ms: older brokers drop some pulls without a word. */
const LOST_MS = 250;

export interface Lanes {
  /** Up to `limit` messages that came; pulls for the slots that are left. */
  take(limit: number): Delivered[];
  /** Whom to tell that it is time to take. */
  onChange(listener: () => void): void;
  /** A lane may have something. */
  wake(lane: number): void;
  /** A lane is held by us, or waits, until then (performance.now); without a time it is free. */
  hold(lane: number, until?: number): void;
  /** Pulls no more; returns what came and was not taken. */
  stop(): Promise<Delivered[]>;
}

interface LanesOptions {
  link: Link;
  names: NatsNames;
  group: string;
  types: readonly string[];
  leaseMs: number;
  log: Log;
}

/**
 * Takes messages out of the lanes of a group, never more than there are free slots: a message that waited in a process
 * without a slot would use up its lease while another process is idle. Rejects when the group cannot be made.
 */
export async function openLanes({ link, names, group, types, leaseMs, log }: LanesOptions): Promise<Lanes> {
  const wanted = new Set(types);
  const arrived: Delivered[] = [];
  /** Lanes with a pull on the way. */
  const pulling = new Set<number>();
  const busyUntil = Array.from({ length: LANES }, () => 0);
  /** When the oldest pull without an answer was sent: what comes is ours from then on at the earliest. */
  const pulledAt = Array.from({ length: LANES }, () => 0);
  /** Lanes that should have something, and those whose message another process has, or had when it died. */
  const likely = new Set<number>();
  const held = new Set<number>();
  let polledAt = -Infinity;
  let session: Session | undefined;
  let inbox = '';
  let ears: Subscription[] = [];
  let stopped = false;
  let changed = (): void => undefined;
  let polling: Promise<unknown> | undefined;

  async function attach(next: Session): Promise<void> {
    await ensureGroup(next.jsm, names, { group, leaseMs });
    if (stopped || session === next) return;
    session = next;
    inbox = createInbox();
    for (const lane of pulling) busyUntil[lane] = 0;
    pulling.clear();
    pulledAt.fill(0);
    polledAt = -Infinity;
    // What the broker says about a pull comes to the inbox, events come under their own subject.
    ears = [
      next.nc.subscribe(`${inbox}.*`, { callback: (error, message) => void (error ?? receive(message, next)) }),
      next.nc.subscribe(names.wakes, { callback: (error, message) => void (error ?? hear(message)) }),
    ];
    changed();
  }

  function hear(message: Msg): void {
    const forGroup = message.string();
    if (forGroup !== '' && forGroup !== group) return;
    likely.add(laneIn(message.subject));
    changed();
  }

  function receive(message: Msg, from: Session): void {
    if (message.subject.startsWith(inbox)) return answer(laneIn(message.subject));
    if (from !== session) return; // Of a connection that is gone; it comes again.
    const event = readDelivered(message, (lane) => pulledAt[lane]! + leaseMs);
    pulledAt[event.lane] = 0;
    if (!isWanted(message, event)) {
      link.tell(event.reply, '+ACK');
      return event.behind > 0 ? pull(event.lane, LIKELY_MS) : answer(event.lane);
    }
    pulling.delete(event.lane);
    busyUntil[event.lane] = event.leaseEnd;
    arrived.push(event);
    changed();
  }

  /** There was nothing in the lane, or another process holds it. */
  function answer(lane: number): void {
    pulling.delete(lane);
    busyUntil[lane] = 0;
    pulledAt[lane] = 0;
    if (likely.size + held.size > 0) changed();
  }

  /** Asks the broker what lies in the lanes, without taking it. */
  async function poll({ jsm }: Session): Promise<void> {
    const looks = allLanes().map(async (lane) => {
      if (busyUntil[lane]! > performance.now()) return;
      const { num_pending, num_ack_pending } = await jsm.consumers.info(names.events, names.laneConsumer(group, lane));
      if (num_ack_pending > 0) held.add(lane);
      else if (num_pending > 0) likely.add(lane);
    });
    const looked = await Promise.allSettled(looks);
    if (looked.some(({ status, reason }: { status: string; reason?: unknown }) => status === 'rejected' && isMissing(reason))) {
      log.warn({ group }, 'the group is gone from the broker and is made anew');
      await ensureGroup(jsm, names, { group, leaseMs }).catch(() => undefined); // The next look comes here again.
    }
    if (likely.size + held.size > 0) changed();
  }

  function isWanted(message: Msg, { onlyFor }: Delivered): boolean {
    return wanted.has(names.typeOf(message.subject)) && (onlyFor ?? group) === group;
  }

  function pull(lane: number, expiresMs: number): void {
    if (session === undefined || session.nc.isClosed() || stopped) return void pulling.delete(lane);
    likely.delete(lane);
    held.delete(lane);
    pulling.add(lane);
    const now = performance.now();
    pulledAt[lane] ||= now;
    busyUntil[lane] = now + expiresMs + LOST_MS;
    const body = JSON.stringify({ batch: 1, expires: nanos(expiresMs) });
    const api = `$JS.API.CONSUMER.MSG.NEXT.${names.events}.${names.laneConsumer(group, lane)}`;
    session.nc.publish(api, body, { reply: `${inbox}.${lane}` });
  }

  const preparation = link.prepare(attach);
  const lanes: Lanes = {
    take(limit) {
      const now = performance.now();
      for (const lane of pulling) {
        if (busyUntil[lane]! > now) continue;
        pulling.delete(lane);
        likely.add(lane);
      }
      if (now - polledAt >= POLL_MS) {
        polledAt = now;
        if (session !== undefined && !session.nc.isClosed()) polling ??= poll(session).finally(() => (polling = undefined));
      }
      // What waited for a slot beyond its lease comes again.
      const taken = arrived.splice(0, limit).filter(({ leaseEnd }) => leaseEnd > now);
      let room = limit - taken.length - arrived.length - pulling.size;
      for (const [queue, expiresMs] of [[likely, LIKELY_MS], [held, HELD_MS]] as const) {
        for (const lane of queue) {
          if (room <= 0) break;
          if (busyUntil[lane]! > now) continue;
          pull(lane, expiresMs);
          room -= 1;
        }
      }
      return taken;
    },
    onChange: (listener) => void (changed = listener),
    wake: (lane) => void likely.add(lane),
    hold: (lane, until = 0) => void (busyUntil[lane] = until),
    async stop() {
      stopped = true;
      preparation.remove();
      const deadline = performance.now() + LIKELY_MS + LOST_MS;
      while (pulling.size > 0 && session?.nc.isClosed() === false && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, HELD_MS));
      }
      await polling;
      for (const ear of ears) if (!ear.isClosed()) ear.unsubscribe();
      return arrived.splice(0);
    },
  };
  try {
    await attach(await link.within(10_000));
  } catch (error) {
    preparation.remove();
    throw error;
  }
  return lanes;
}

function laneIn(subject: string): number {
  return Number(subject.slice(subject.lastIndexOf('.') + 1));
}

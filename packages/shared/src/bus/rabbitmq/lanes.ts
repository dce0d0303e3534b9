import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Log } from '../../kernel/index.ts';
import type { Connection } from './connection.ts';
import { ownLane, type Lane } from './lane.ts';
import { LANES, type Names } from './names.ts';
import type { Publisher } from './publisher.ts';

/** How often lanes without an owner are looked for, and events that no bell told of. */
const ROUND_MS = 1_000;
/** The first rounds, until there is a lane, follow faster; whoever owns them all gives lanes away at once. */
const FIRST_ROUND_MS = 50;
const FIRST_ROUNDS = 20;
/** For so long a lane is left to consumers that take more types. */
const SHUN_MS = 30_000;

interface Knock {
  member: string;
  round: number;
  /** Lanes that the member has. */
  owned: number;
}

export interface LanesOptions {
  connection: Connection;
  publisher: Pick<Publisher, 'knock'>;
  names: Names;
  group: string;
  types: readonly string[];
  log: Log;
  /** There may be work. */
  onWork(): void;
  onGone(lane: Lane): void;
}

export interface Lanes {
  /** Those that may have an event to take, the one that waits longest first. */
  withWork(): Lane[];
  /** Leaves a lane to others for a while: its next event is of a type that is not for us. */
  shun(lane: Lane): void;
  /** Takes no more lanes and gives up those it has, each as soon as nothing is in hand. */
  leave(): void;
  /** Resolves when all lanes are given up. */
  left(): Promise<void>;
}

/**
 * The lanes that this consumer owns, of those of its group. They are spread evenly: each consumer knocks, every second, at
 * the lanes of others and tells how many it has; an owner with two or more beyond that gives one away. Where nobody
 * answers the lane is free, and taken. Resolves when it has a lane, or after a second, as owners may be busy in theirs.
 */
export async function shareLanes(options: LanesOptions): Promise<Lanes> {
  const { connection, publisher, names, group, types, log, onWork, onGone } = options;
  const member = randomUUID();
  const owned = new Map<number, Lane>();
  const shunned = new Map<number, number>();
  const given = new Map<string, Knock>();
  const leaving = new AbortController();
  const ended = AbortSignal.any([leaving.signal, connection.signal]);
  let round = 0;

  function onKnock(lane: Lane, body: Buffer): void {
    const knock = readKnock(body);
    if (knock === undefined || knock.member === member || lane.isLeaving) return;
    const last = given.get(knock.member);
    // What was given away in this round, or will be when its event ends, is not yet in what the other tells.
    const going = [...owned.values()].filter(({ isLeaving }) => isLeaving).length;
    const theirs = Math.max(knock.owned + going, last?.round === knock.round ? last.owned : 0);
    if (owned.size - going - theirs < 2) return;
    given.set(knock.member, { ...knock, owned: theirs + 1 });
    lane.leave();
  }

  async function own(index: number): Promise<void> {
    const place = { model: connection.model, names, group, index, takes: (type: string) => types.includes(type) };
    const lane = await ownLane(place, { onWork, onKnock, onGone: forget });
    if (lane === undefined) return;
    owned.set(index, lane);
    if (ended.aborted) lane.leave();
    onWork();
  }

  function forget(lane: Lane): void {
    if (owned.get(lane.index) === lane) owned.delete(lane.index);
    onGone(lane);
  }

  async function runRound(): Promise<void> {
    round += 1;
    if (round % 60 === 0) given.clear();
    const now = performance.now();
    const others = Array.from({ length: LANES }, (_, index) => index).filter((index) => !owned.has(index) && (shunned.get(index) ?? 0) < now);
    const free = await knockAt(others);
    if (ended.aborted) return;
    await Promise.all([...free.map(own), ...[...owned.values()].map((lane) => lane.look())]);
  }

  /** Those lanes that nobody owns. */
  async function knockAt(others: readonly number[]): Promise<readonly number[]> {
    if (others.length === 0) return [];
    const knock: Knock = { member, round, owned: owned.size };
    try {
      const absent = await publisher.knock(others.map((index) => names.owner(group, index)), Buffer.from(JSON.stringify(knock)));
      return others.filter((index) => absent.includes(names.owner(group, index)));
    } catch (error) {
      if (owned.size > 0) throw error;
      return others; // A broker that has no room takes no knocks; it is the consumers who make room.
    }
  }

  async function runRounds(): Promise<void> {
    while (!ended.aborted) {
      // Rejects when the consumer stops or the connection is lost, and only then.
      await delay(ROUND_MS * (0.75 + Math.random() / 2), undefined, { signal: ended }).catch(() => undefined);
      if (!ended.aborted) await tryRound();
    }
  }

  async function tryRound(): Promise<void> {
    try {
      await runRound();
    } catch (error) {
      if (!ended.aborted) log.debug({ group, reason: describeError(error) }, 'the lanes of the group could not be looked at');
    }
  }

  for (let i = 0; i < FIRST_ROUNDS && owned.size === 0 && !ended.aborted; i++) {
    if (i > 0) await delay(FIRST_ROUND_MS);
    await tryRound();
  }
  const rounds = runRounds();

  return {
    withWork: () => [...owned.values()].filter((lane) => lane.hasWork()).toSorted((a, b) => a.takenAt - b.takenAt),
    shun(lane) {
      shunned.set(lane.index, performance.now() + SHUN_MS);
      lane.leave();
    },
    leave() {
      leaving.abort();
      for (const lane of owned.values()) lane.leave();
    },
    async left() {
      await rounds;
      await Promise.all([...owned.values()].map(({ gone }) => gone));
    },
  };
}

function readKnock(body: Buffer): Knock | undefined {
  try {
    const { member, round, owned } = JSON.parse(body.toString()) as Partial<Knock>;
    return typeof member === 'string' && typeof round === 'number' && typeof owned === 'number' ? { member, round, owned } : undefined;
  } catch {
    return undefined; // Not ours.
  }
}

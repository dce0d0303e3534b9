import { AppError } from '@armoricore/shared/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isMissed, ring, stepCall, type Call, type CallEvent } from '../../src/domain/call-machine.ts';
import { callNews } from '../../src/domain/call-news.ts';
import { placeCall } from '../../src/domain/call-placement.ts';
import { deviceOf, leaseMs, renewEveryMs } from '../../src/domain/webrtc-seats.ts';
import type { News } from '../../src/domain/webrtc-rooms.ts';

const GRACE = 15_000;
const RING = 45_000;
const USERS = ['anna', 'ben'] as const;

/** One joined channel of a device, what it knows and what it was told. */
interface Session {
  id: string;
  userId: string;
  device: string;
  connection: string;
  /** Its node lives and renews it. */
  alive: boolean;
  joined: boolean;
  known: Call;
  told: News[];
}

interface World {
  now: number;
  call: Call;
  before: Call | null;
  sessions: Session[];
  missed: number;
}

const begin = (): World => {
  const call = ring({ id: 'c', type: 'audio', calleeId: 'ben', caller: { userId: 'anna', connection: 'lobby' }, ringMs: RING }, { now: 0, graceMs: GRACE });
  return { now: 0, call, before: null, sessions: [], missed: 0 };
};

/** Takes an event as the service does: a refusal changes nothing. */
function take(world: World, event: CallEvent): boolean {
  const before = world.call;
  try {
    world.call = stepCall(before, event, { now: world.now, graceMs: GRACE });
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toMatch(/^(forbidden|call_ended|answered_elsewhere)$/);
    return false;
  }
  if (before !== world.call) {
    expect(world.call.version).toBe(before.version + 1);
    if (isMissed(before, world.call)) world.missed += 1;
  }
  return true;
}

function catchUp(world: World, session: Session): void {
  if (!session.joined || !session.alive || session.known.version >= world.call.version) return;
  const news = callNews(session.known, world.call, session);
  session.known = world.call;
  session.told.push(...news);
  if (news.some(({ last }) => last)) session.joined = false;
  // Who was not sent away has the call.
  const { state, callerId, caller, callee } = world.call;
  if (session.joined && state === 'active') expect((session.userId === callerId ? caller : callee).session).toBe(session.id);
}

type Step = { what: 'arrive'; user: 0 | 1; app: number; named: boolean } | { what: 'act'; kind: 'answer' | 'reject' | 'end' | 'drop' | 'crash' | 'hear'; which: number } | { what: 'wait'; ms: number; swept: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('arrive' as const), user: fc.constantFrom(0 as const, 1 as const), app: fc.nat(2), named: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('act' as const), kind: fc.constantFrom('answer', 'answer', 'reject', 'end', 'drop', 'drop', 'crash', 'hear', 'hear'), which: fc.nat(9) }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }), swept: fc.boolean() }) },
);

function run(world: World, action: Step): void {
  if (action.what === 'wait') return wait(world, action.ms, action.swept);
  if (action.what === 'arrive') return arrive(world, action);
  const session = world.sessions[action.which % Math.max(1, world.sessions.length)];
  if (session === undefined || !session.joined || !session.alive) return undefined;
  const { id, userId, device, connection } = session;
  if (action.kind === 'answer') {
    if (take(world, { kind: 'answer', userId, device, connection, session: id })) expect(world.call.callee.device).toBe(device);
  }
  if (action.kind === 'reject') take(world, { kind: 'reject', userId });
  else if (action.kind === 'end') take(world, { kind: 'end', userId, session: id });
  else if (action.kind === 'hear') catchUp(world, session);
  else if (action.kind === 'drop' || action.kind === 'crash') {
    session.alive = false;
    if (action.kind === 'drop') take(world, { kind: 'drop', session: id });
  }
  return undefined;
}

function arrive(world: World, { user, app, named }: { user: 0 | 1; app: number; named: boolean }): void {
  const id = `s${world.sessions.length}`;
  const userId = USERS[user];
  const connection = world.sessions.length === 0 && user === 0 ? 'lobby' : `socket-${id}`;
  const device = deviceOf(named ? `${userId}-${app}` : undefined, connection);
  if (!take(world, { kind: 'arrive', userId, device, connection, session: id })) return;
  world.sessions.push({ id, userId, device, connection, alive: true, joined: true, known: world.call, told: [] });
}

/** Time passes in the steps of a node: it renews its sessions, and perhaps looks what is due. */
function wait(world: World, ms: number, swept: boolean): void {
  const end = world.now + ms;
  while (world.now < end) {
    world.now = Math.min(end, world.now + renewEveryMs(GRACE));
    for (const { id, alive } of world.sessions) {
      if (!alive) continue;
      for (const role of ['caller', 'callee'] as const) {
        const seat = world.call[role];
        if (seat.session === id && !seat.away) world.call = { ...world.call, [role]: { ...seat, until: world.now + leaseMs(GRACE) } };
      }
    }
    if (!swept) continue;
    take(world, { kind: 'tick' });
    for (const { until } of [world.call.caller, world.call.callee]) if (until !== null) expect(until).toBeGreaterThan(world.now);
  }
}

function check({ now, call, sessions, before }: World): void {
  const order = ['ringing', 'active', 'ended'];
  if (before !== null) expect(order.indexOf(call.state)).toBeGreaterThanOrEqual(order.indexOf(before.state));
  if (call.state === 'ended') {
    expect([call.caller.session, call.callee.session, call.ringUntil, call.caller.until, call.callee.until]).toEqual([null, null, null, null, null]);
    expect(call.answeredAt === null ? ['rejected', 'cancelled', 'missed', 'dropped'] : ['hangup', 'dropped']).toContain(call.reason);
    return;
  }
  // It cannot get stuck: both who are in it, and the ringing, have an end that is never far away.
  expect(call.caller.until!).toBeLessThanOrEqual(now + leaseMs(GRACE));
  if (call.state === 'active') expect(call.callee.until!).toBeLessThanOrEqual(now + leaseMs(GRACE));
  else expect(call.ringUntil).toBe(RING);
  for (const role of ['caller', 'callee'] as const) {
    const { session } = call[role];
    if (session !== null) expect(sessions.find(({ id }) => id === session)?.userId).toBe(call[`${role}Id`]);
  }
}

it('a call never sticks: whatever happened, when all is silent it ends, and all who are left heard the same', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(1), (history, crash) => {
      const world = begin();
      for (const action of history) {
        world.before = world.call;
        run(world, action);
        check(world);
      }
      // Silence: one socket after the other is gone, by its end or with its node; those that remain hear what became of it.
      for (const session of world.sessions.filter((one) => one.alive).slice(1)) {
        session.alive = false;
        if (crash === 0) take(world, { kind: 'drop', session: session.id });
      }
      wait(world, RING + 2 * leaseMs(GRACE), true);
      const listener = world.sessions.find(({ alive }) => alive);
      if (listener !== undefined) {
        catchUp(world, listener);
        listener.alive = false;
        wait(world, 2 * leaseMs(GRACE), true);
      }
      expect(world.call.state).toBe('ended');
      for (const session of world.sessions) {
        session.alive = true;
        catchUp(world, session);
        const ends = session.told.filter(({ event }) => event === 'call:ended');
        const [last] = ends;
        expect(ends.length).toBeLessThanOrEqual(1);
        if (session.told.length > 0 && last !== undefined) expect(session.told.at(-1)).toBe(last);
        const { reason } = (last?.payload ?? {}) as { reason?: string };
        if (reason !== undefined && reason !== 'answered_elsewhere') expect(reason).toBe(world.call.reason);
        // Who joined before the end, and was not sent away, knows of it.
        if (session.joined && last === undefined) expect.fail(`${session.id} was not told of the end`);
        expect(session.told.filter(({ event }) => event === 'call:answered').length).toBeLessThanOrEqual(1);
      }
      expect(world.missed).toBe(world.call.answeredAt === null && world.call.reason !== 'rejected' ? 1 : 0);
    }),
    { numRuns: 10_000 },
  );
});

it('two who call each other get one call, whoever was first; a third one is told that both are busy', () => {
  const ask = (userId: string, calleeId: string, connection: string) => ({ id: `${userId}-${connection}`, type: 'video' as const, calleeId, caller: { userId, connection }, ringMs: RING });
  const users = fc.constantFrom('anna', 'ben', 'cleo');
  fc.assert(
    fc.property(fc.array(fc.tuple(users, users, fc.nat(1)), { maxLength: 12 }), (requests) => {
      const open = new Map<string, Call>();
      for (const [userId, calleeId, socket] of requests) {
        if (userId === calleeId) continue;
        const both = [...open.values()].filter(({ callerId, calleeId: callee }) => [callerId, callee].some((one) => one === userId || one === calleeId));
        try {
          const { call, changes } = placeCall(ask(userId, calleeId, `${userId}${socket}`), both, { now: 0, graceMs: GRACE });
          for (const { after } of [...changes, { after: call }]) {
            if (after.state === 'ended') open.delete(after.id);
            else open.set(after.id, after);
          }
          const reverse = both.find((one) => one.callerId === calleeId && one.calleeId === userId && one.state === 'ringing');
          if (reverse !== undefined) expect(call).toMatchObject({ id: reverse.id, state: 'active' });
        } catch (error) {
          expect(error).toMatchObject({ code: 'already_in_call' });
        }
        const inCalls = [...open.values()].flatMap(({ callerId, calleeId: callee }) => [callerId, callee]);
        expect(new Set(inCalls).size).toBe(inCalls.length);
      }
    }),
    { numRuns: 2_000 },
  );
});

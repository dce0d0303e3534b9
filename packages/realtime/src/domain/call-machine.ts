import { AppError } from '@armoricore/shared/kernel';
import type { CallEndReason, CallState, CallType } from '../contracts/calls.ts';
import { deviceOf, forsaken, isFree, isLost, isOwn, taken, VACANT, type Moment, type Newcomer, type Seat } from './webrtc-seats.ts';

/** A call between two. Times are in ms of the database's clock. */
export interface Call {
  readonly id: string;
  /** Rises with each change. */
  readonly version: number;
  readonly type: CallType;
  readonly state: CallState;
  readonly callerId: string;
  readonly calleeId: string;
  readonly caller: Seat;
  readonly callee: Seat;
  readonly createdAt: number;
  readonly ringUntil: number | null;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  readonly reason: CallEndReason | null;
  readonly endedBy: string | null;
}

export type CallEvent =
  /** A device joined the call's topic. */
  | ({ kind: 'arrive' } & Newcomer)
  | ({ kind: 'answer' } & Newcomer)
  | { kind: 'reject'; userId: string }
  /** Hangs up, or cancels. `session`: of whoever does. */
  | { kind: 'end'; userId: string; session: string }
  /** A socket is gone. */
  | { kind: 'drop'; session: string }
  /** Time passed. */
  | { kind: 'tick' };

export type Role = 'caller' | 'callee';

export function roleOf({ callerId, calleeId }: Pick<Call, 'callerId' | 'calleeId'>, userId: string): Role | null {
  if (userId === callerId) return 'caller';
  return userId === calleeId ? 'callee' : null;
}

export interface CallRequest {
  id: string;
  type: CallType;
  calleeId: string;
  caller: { userId: string; connection: string };
  ringMs: number;
}

/** A new call. The caller's socket has a seat before it joins; the callee has none before it answers. */
export function ring({ id, type, calleeId, caller, ringMs }: CallRequest, moment: Moment): Call {
  return {
    id,
    version: 1,
    type,
    state: 'ringing',
    callerId: caller.userId,
    calleeId,
    caller: reserved(caller.connection, moment),
    callee: VACANT,
    createdAt: moment.now,
    ringUntil: moment.now + ringMs,
    answeredAt: null,
    endedAt: null,
    reason: null,
    endedBy: null,
  };
}

/**
 * What becomes of a call: the same object when nothing does.
 * @throws AppError `forbidden` (no party of it), `call_ended`, `answered_elsewhere` (another device of the user has the call)
 */
export function stepCall(call: Call, event: CallEvent, moment: Moment): Call {
  switch (event.kind) {
    case 'arrive':
      return arrive(call, event, moment);
    case 'answer':
      return answer(call, event, moment);
    case 'reject':
      return end(assertCallee(call, event.userId), { reason: 'rejected', by: event.userId, only: 'ringing' }, moment);
    case 'end':
      return hangUp(call, event, moment);
    case 'drop':
      return drop(call, event.session, moment);
    case 'tick':
      return tick(call, moment);
  }
}

function arrive(call: Call, newcomer: Newcomer, moment: Moment): Call {
  const role = assertParty(call, newcomer.userId);
  assertOpen(call);
  if (call.state === 'ringing' && role === 'callee') return call; // Has no seat until it answers.
  const seat = call[role];
  if (!isOwn(seat, newcomer) && !isFree(seat, moment)) throw new AppError('answered_elsewhere');
  return seat.session === newcomer.session && !seat.away ? call : changed(call, { [role]: taken(newcomer, moment) });
}

function answer(call: Call, newcomer: Newcomer, moment: Moment): Call {
  assertCallee(call, newcomer.userId);
  assertOpen(call);
  if (call.state === 'ringing') {
    return changed(call, { state: 'active', answeredAt: moment.now, ringUntil: null, callee: taken(newcomer, moment) });
  }
  if (!isOwn(call.callee, newcomer)) throw new AppError('answered_elsewhere');
  return call;
}

/** Both called each other: the callee's own request to call is the answer. */
export function merge(call: Call, { connection }: { connection: string }, moment: Moment): Call {
  return changed(call, { state: 'active', answeredAt: moment.now, ringUntil: null, callee: reserved(connection, moment) });
}

function reserved(connection: string, moment: Moment): Seat {
  return taken({ device: deviceOf(undefined, connection), session: null }, moment);
}

function hangUp(call: Call, { userId, session }: { userId: string; session: string }, moment: Moment): Call {
  const role = assertParty(call, userId);
  if (call.state === 'ended') return call;
  if (call.state === 'ringing' && role === 'callee') return end(call, { reason: 'rejected', by: userId }, moment);
  if (call[role].session !== session) throw new AppError('answered_elsewhere');
  return end(call, { reason: call.state === 'ringing' ? 'cancelled' : 'hangup', by: userId }, moment);
}

function drop(call: Call, session: string, moment: Moment): Call {
  for (const role of ['caller', 'callee'] as const) {
    if (call[role].session === session) return changed(call, { [role]: forsaken(call[role], moment) });
  }
  return call;
}

function tick(call: Call, moment: Moment): Call {
  if (call.state === 'ended') return call;
  if (call.ringUntil !== null && call.ringUntil <= moment.now) return end(call, { reason: 'missed', by: null }, moment);
  if (isLost(call.caller, moment)) return end(call, { reason: 'dropped', by: call.callerId }, moment);
  if (isLost(call.callee, moment)) return end(call, { reason: 'dropped', by: call.calleeId }, moment);
  return call;
}

/** Ends a call; one that has ended stays as it is. */
export function end(call: Call, { reason, by, only }: { reason: CallEndReason; by: string | null; only?: CallState }, { now }: Moment): Call {
  if (call.state === 'ended') return call;
  if (only !== undefined && call.state !== only) throw new AppError('answered_elsewhere');
  return changed(call, { state: 'ended', ringUntil: null, endedAt: now, reason, endedBy: by, caller: VACANT, callee: VACANT });
}

function changed(call: Call, change: Partial<Call>): Call {
  return { ...call, ...change, version: call.version + 1 };
}

function assertParty(call: Call, userId: string): Role {
  const role = roleOf(call, userId);
  if (role === null) throw new AppError('forbidden');
  return role;
}

function assertCallee(call: Call, userId: string): Call {
  if (assertParty(call, userId) !== 'callee') throw new AppError('forbidden');
  return call;
}

export function assertOpen({ state, reason }: Pick<Call, 'state' | 'reason'>): void {
  if (state === 'ended') throw new AppError('call_ended', { ended: reason });
}

/** Whether the callee is to be told, once it is over, that somebody called: it rang and was neither answered nor rejected. */
export function isMissed(before: Call | null, after: Call): boolean {
  return after.state === 'ended' && before?.state !== 'ended' && after.answeredAt === null && after.reason !== 'rejected';
}

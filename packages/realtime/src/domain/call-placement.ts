import { AppError } from '@armoricore/shared/kernel';
import { end, merge, ring, roleOf, type Call, type CallRequest } from './call-machine.ts';
import { deviceOf, isFree, type Moment } from './webrtc-seats.ts';

/** What a request to call comes to. */
export interface Placement {
  /** The call that the caller gets: a new one, or one that is there already. */
  call: Call;
  /** What was there before and is changed. */
  changes: { before: Call; after: Call }[];
  isNew: boolean;
}

/**
 * Decides on a request, given the calls that the two are in:
 * - the callee calls the caller already: both get that one call, answered; so do two who call at once, whoever was first;
 * - the caller calls the callee already (asks again): that call;
 * - the callee is in another call: a call that ended at once, `busy`;
 * - somebody else rings the caller: that call is rejected;
 * - the caller is in another call: refused, unless his device left it and he begins anew: then that one ends.
 * @throws AppError `already_in_call`
 */
export function placeCall(request: CallRequest, open: readonly Call[], moment: Moment): Placement {
  const { caller, calleeId } = request;
  const own = open.find((call) => roleOf(call, caller.userId) !== null);
  if (own !== undefined && roleOf(own, calleeId) !== null) return joinExisting(own, request, moment);
  const changes: Placement['changes'] = [];
  if (own !== undefined) {
    const ringsHere = own.state === 'ringing' && own.calleeId === caller.userId;
    if (!ringsHere && !isFree(own[roleOf(own, caller.userId)!], moment)) throw new AppError('already_in_call', { callId: own.id });
    changes.push({ before: own, after: end(own, { reason: ringsHere ? 'rejected' : 'dropped', by: caller.userId }, moment) });
  }
  const fresh = ring(request, moment);
  const busy = open.some((call) => call !== own && roleOf(call, calleeId) !== null);
  return { call: busy ? end(fresh, { reason: 'busy', by: null }, moment) : fresh, changes, isNew: true };
}

function joinExisting(own: Call, { caller }: CallRequest, moment: Moment): Placement {
  if (own.state === 'ringing' && own.calleeId === caller.userId) {
    const after = merge(own, caller, moment);
    return { call: after, changes: [{ before: own, after }], isNew: false };
  }
  const seat = own[roleOf(own, caller.userId)!];
  const isHis = seat.device === deviceOf(undefined, caller.connection) || isFree(seat, moment);
  if (!isHis) throw new AppError('already_in_call', { callId: own.id });
  return { call: own, changes: [], isNew: false };
}

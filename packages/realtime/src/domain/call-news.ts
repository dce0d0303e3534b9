import type { Call } from './call-machine.ts';
import { roleOf } from './call-machine.ts';
import { areTwoApps, type Seat } from './webrtc-seats.ts';
import type { News, Session } from './webrtc-rooms.ts';

/** What a device that knew `before` is to be told when `after` is true; steps between that it missed make no difference. */
export function callNews(before: Call, after: Call, { id, userId }: Pick<Session, 'id' | 'userId'>): News[] {
  const role = roleOf(after, userId);
  if (role === null || before.state === 'ended') return [];
  if (after.state === 'ended') return endNews(after, role === 'caller');
  const callId = after.id;
  const mine = after[role].session === id;
  const wasMine = before[role].session === id;
  if (before.state === 'ringing' && after.state === 'active') {
    if (role === 'callee') return mine ? [] : [goneElsewhere(callId)];
    const { calleeId, answeredAt } = after;
    return wasMine && !mine ? [goneElsewhere(callId)] : [{ event: 'call:answered', payload: { callId, calleeId, answeredAt: iso(answeredAt!) } }];
  }
  if (wasMine && !mine) return [goneElsewhere(callId)];
  const other = role === 'caller' ? 'callee' : 'caller';
  return after.state === 'active' ? peerNews(callId, after[`${other}Id`], before[other], after[other]) : [];
}

function endNews({ id: callId, reason, endedBy, calleeId }: Call, isCaller: boolean): News[] {
  const ended: News = { event: 'call:ended', payload: { callId, reason: reason!, endedBy } };
  return reason === 'rejected' && isCaller ? [{ event: 'call:rejected', payload: { callId, calleeId } }, ended] : [ended];
}

/** The other one's socket went away or came back. */
function peerNews(callId: string, userId: string, before: Seat, after: Seat): News[] {
  if (after.away) return before.away ? [] : [{ event: 'call:reconnecting', payload: { callId, userId, until: iso(after.until!) } }];
  const isBack = before.away || (before.session !== null && before.session !== after.session);
  return isBack ? [{ event: 'call:reconnected', payload: { callId, userId, fresh: areTwoApps(before.device, after.device) } }] : [];
}

function goneElsewhere(callId: string): News {
  return { event: 'call:ended', payload: { callId, reason: 'answered_elsewhere', endedBy: null }, last: true };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

import type { CallView, IncomingCall } from '../contracts/calls.ts';
import { roleOf, type Call } from './call-machine.ts';

/** A call as one of its two sees it. */
export function callViewOf(call: Call, userId: string): CallView {
  const role = roleOf(call, userId)!;
  return {
    callId: call.id,
    type: call.type,
    state: call.state,
    callerId: call.callerId,
    calleeId: call.calleeId,
    role,
    peerConnected: call[role === 'caller' ? 'callee' : 'caller'].session !== null,
    createdAt: iso(call.createdAt),
    answeredAt: call.answeredAt === null ? null : iso(call.answeredAt),
    expiresAt: call.ringUntil === null ? null : iso(call.ringUntil),
  };
}

/** A call that rings, as it is told to the callee's devices; null for one that does not. */
export function incomingCallOf({ id: callId, callerId, calleeId, type, createdAt, ringUntil }: Call): IncomingCall | null {
  return ringUntil === null ? null : { callId, callerId, calleeId, type, createdAt: iso(createdAt), expiresAt: iso(ringUntil) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

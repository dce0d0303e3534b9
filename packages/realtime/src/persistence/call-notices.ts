import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import type { Call } from '../domain/call-machine.ts';

const SNIPPET = 120;
const CATEGORY = 'calls';

/** A push that rings while the call does: by PushKit on iOS. */
export function incomingNotice(call: Call, now: number): BusEvent {
  return noticeOf(call, 'incoming', {
    kind: 'voip' as const,
    title: `Incoming ${call.type} call`,
    ttl_s: Math.max(0, Math.ceil(((call.ringUntil ?? now) - now) / 1_000)),
    urgent: true,
  });
}

/** Takes the place of the push that rang, if there was one. */
export function missedNotice(call: Call): BusEvent {
  return noticeOf(call, 'missed', { title: `Missed ${call.type} call` });
}

function noticeOf(call: Call, event: 'incoming' | 'missed', more: { title: string; kind?: 'voip'; ttl_s?: number; urgent?: boolean }): BusEvent {
  const { id, type, callerId, calleeId } = call;
  const payload = {
    notification_id: newId(),
    user_id: calleeId,
    channels: ['push' as const],
    category: CATEGORY,
    body: callerId.slice(0, SNIPPET).toWellFormed(),
    data: { type: 'call', event, voip: true, call_id: id, caller_id: callerId, call_type: type, reason: call.reason },
    collapse_key: `call:${id}`,
    priority: 'high' as const,
    ...more,
  };
  return createEvent('notification.requested', payload, { source: 'realtime', userId: calleeId });
}

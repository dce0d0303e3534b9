import { refusalInWords, type Refusal } from '../ask.ts';
import { nameOf } from '../chat/names.ts';
import type { Call, EndReason, Over } from './state/call.ts';

/** What a call is doing, for the two who are in it. */
export function stateInWords(call: Call): string {
  const name = nameOf(call.peerId);
  switch (call.phase) {
    case 'placing':
      return 'Starting …';
    case 'calling':
      return `Ringing ${name} …`;
    case 'incoming':
      return call.type === 'video' ? 'Incoming video call' : 'Incoming call';
    case 'answering':
      return 'Answering …';
    case 'active':
      break;
  }
  if (call.away) return 'The connection is lost. Trying to come back …';
  if (call.peerAway) return `${name} lost the connection. Waiting for them to come back …`;
  if (call.link === 'connected') return 'Connected';
  return call.link === 'connecting' ? 'Connecting …' : 'Sound and picture are interrupted. Trying again …';
}

/** How a call ended, for this one of the two. */
export function overInWords({ peerId, role, why }: Over, me: string): string {
  const name = nameOf(peerId);
  return 'ended' in why ? endInWords(why.ended, { name, isCaller: role === 'caller', byMe: why.endedBy === me }) : callRefusalInWords(why.refused, name);
}

function endInWords(reason: EndReason, { name, isCaller, byMe }: { name: string; isCaller: boolean; byMe: boolean }): string {
  switch (reason) {
    case 'hangup':
      return byMe ? 'You hung up.' : `${name} hung up.`;
    case 'rejected':
      return isCaller ? `${name} declined the call.` : 'You declined the call.';
    case 'cancelled':
      return isCaller ? 'You cancelled the call.' : `${name} stopped calling.`;
    case 'missed':
      return isCaller ? `${name} did not answer.` : `You missed a call of ${name}.`;
    case 'busy':
      return `${name} is in another call.`;
    case 'dropped':
      return byMe ? 'Your connection was lost for too long.' : `${name} lost the connection and did not come back.`;
    case 'answered_elsewhere':
      return 'The call goes on on another of your devices.';
  }
}

/** Why a call did not come about, or cannot go on. */
function callRefusalInWords(refusal: Refusal, name: string): string {
  switch (refusal.reason) {
    case 'busy':
    case 'answered_elsewhere':
      return endInWords(refusal.reason, { name, isCaller: true, byMe: false });
    case 'already_in_call':
      return 'You are in another call, on another device.';
    case 'forbidden':
      return 'You may call only those whom you share a conversation with.';
    case 'not_found':
      return 'This call is not there any more.';
    case 'call_ended':
      return refusal.ended === 'dropped' ? 'The connection was lost for too long.' : 'The call has ended.';
    case 'invalid_payload':
      return 'This is nobody who can be called.';
    case 'no_microphone':
      return 'A call needs a microphone.';
    case 'closed':
      return 'The server ended the call.';
    default:
      return refusalInWords(refusal);
  }
}

/** `1:05`, `1:01:05`. */
export function durationInWords(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1_000);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first = 0, ...others] = parts[0] === 0 ? parts.slice(1) : parts;
  return [String(first), ...others.map((part) => String(part).padStart(2, '0'))].join(':');
}

import type { Refusal } from '../../ask.ts';
import type { DeviceTrouble } from '../rtc/device-trouble.ts';
import type { LinkState } from '../rtc/peer-link.ts';
import type { PeerStatus } from '../rtc/status-channel.ts';

export type CallType = 'audio' | 'video';
export type Role = 'caller' | 'callee';
export type EndReason = 'hangup' | 'rejected' | 'cancelled' | 'missed' | 'busy' | 'dropped' | 'answered_elsewhere';

/** A call as the server sees it: of the join replies. */
export interface CallView {
  callId: string;
  type: CallType;
  state: 'ringing' | 'active' | 'ended';
  callerId: string;
  calleeId: string;
  role: Role;
  peerConnected: boolean;
  answeredAt: string | null;
}

export interface IncomingCall {
  callId: string;
  callerId: string;
  type: CallType;
}

export interface CallEnded {
  callId: string;
  reason: EndReason;
  endedBy: string | null;
}

/** The call of this page. */
export interface Call {
  /** Null until the server has named it. */
  callId: string | null;
  peerId: string;
  type: CallType;
  role: Role;
  /** `placing`: devices and server are asked; `calling`: it rings there; `incoming`: here; `answering`: devices are asked. */
  phase: 'placing' | 'calling' | 'incoming' | 'answering' | 'active';
  /** By the clock of this page, in ms. */
  activeSince: number | null;
  link: LinkState;
  /** The socket of the peer, or ours, is gone, and has a while to come back. */
  peerAway: boolean;
  away: boolean;
  peer: PeerStatus;
}

/** How the last call ended. */
export interface Over {
  peerId: string;
  type: CallType;
  role: Role;
  why: { ended: EndReason; endedBy: string | null } | { refused: Refusal };
  durationMs: number | null;
}

export interface Calls {
  me: string;
  call: Call | null;
  over: Over | null;
  /** The latest device that could not be used. */
  trouble: DeviceTrouble | null;
  /** A call of this user that goes on without this page: on another device, or it was this page before it was loaded anew. */
  elsewhere: CallView | null;
}

export type CallEvent =
  | { type: 'placed'; peerId: string; callType: CallType }
  /** The server has named the call that was placed; when both called each other, it may be the other's. */
  | { type: 'named'; callId: string; role: Role }
  | { type: 'incoming'; call: IncomingCall }
  | { type: 'answering' }
  | { type: 'joined'; view: CallView; now: number }
  | { type: 'answered'; now: number }
  | { type: 'ended'; ended: CallEnded; now: number }
  /** We hung up, cancelled, or declined. */
  | { type: 'left'; now: number }
  /** The server, or the way to it, said no. */
  | { type: 'refused'; refusal: Refusal; now: number }
  /** What the user is in by the server's word, whenever the page is connected. */
  | { type: 'current'; view: CallView | null }
  | { type: 'link'; state: LinkState }
  | { type: 'peer_status'; status: PeerStatus }
  | { type: 'peer_away'; away: boolean }
  | { type: 'away' }
  | { type: 'trouble'; trouble: DeviceTrouble | null }
  | { type: 'dismissed' };

export function noCalls(me: string): Calls {
  return { me, call: null, over: null, trouble: null, elsewhere: null };
}

import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { userId } from './chat-fields.ts';
import { candidate, description, deviceId, type IceServer, type Signal } from './webrtc.ts';

export const callType = z.enum(['audio', 'video']);
export const callState = z.enum(['ringing', 'active', 'ended']);
/** Why a call ended. */
export const callEndReason = z.enum(['hangup', 'rejected', 'cancelled', 'missed', 'busy', 'dropped']);
export type CallType = z.infer<typeof callType>;
export type CallState = z.infer<typeof callState>;
export type CallEndReason = z.infer<typeof callEndReason>;

/** A call as one of its two sees it. */
export interface CallView {
  callId: string;
  type: CallType;
  state: CallState;
  callerId: string;
  calleeId: string;
  role: 'caller' | 'callee';
  /** Whether the other one has a device in the call whose socket is open. */
  peerConnected: boolean;
  createdAt: string;
  answeredAt: string | null;
  /** While it rings: when that ends. */
  expiresAt: string | null;
}

export interface IncomingCall {
  callId: string;
  callerId: string;
  calleeId: string;
  type: CallType;
  createdAt: string;
  expiresAt: string;
}

export interface CallEnded {
  callId: string;
  /** `answered_elsewhere`: the call goes on, on another device of the user. */
  reason: CallEndReason | 'answered_elsewhere';
  /** Who ended it; null when nobody did. */
  endedBy: string | null;
}

/** On `user:<id>` of the callee. `connection`: a socket that is not to be told; clients never see it. */
export const callEvents = {
  'call:incoming': z.custom<IncomingCall>(),
  'call:ended': z.custom<CallEnded & { connection?: string }>(),
};

const join = { params: z.object({ deviceId: deviceId.optional() }) };
const aboutCall = z.object({ callId: z.string().max(64).optional() });
const initiate = {
  payload: z.object({ calleeId: userId, type: callType }),
  reply: z.custom<{ callId: string; role: 'caller' | 'callee'; iceServers: IceServer[] }>(),
};

/** Where calls begin. */
export const webrtcLobbyContract = defineChannel({
  topic: 'webrtc:lobby',
  join: { ...join, reply: z.custom<{ call: CallView | null }>() },
  in: { 'call:initiate': initiate },
  out: {},
});

type Relayed = Signal & { callId: string; from: string };

export const callContract = defineChannel({
  topic: 'webrtc:{call_id}',
  join: { ...join, reply: z.custom<CallView & { iceServers: IceServer[] }>() },
  in: {
    'call:initiate': initiate,
    'call:answer': { payload: aboutCall },
    'call:reject': { payload: aboutCall },
    'call:end': { payload: aboutCall },
    'webrtc:offer': { payload: description },
    'webrtc:answer': { payload: description },
    'webrtc:ice-candidate': { payload: candidate },
  },
  out: {
    'call:answered': z.custom<{ callId: string; calleeId: string; answeredAt: string }>(),
    'call:rejected': z.custom<{ callId: string; calleeId: string }>(),
    'call:ended': z.custom<CallEnded>(),
    'call:reconnecting': z.custom<{ callId: string; userId: string; until: string }>(),
    'call:reconnected': z.custom<{ callId: string; userId: string; fresh: boolean }>(),
    'webrtc:offer': z.custom<Relayed>(),
    'webrtc:answer': z.custom<Relayed>(),
    'webrtc:ice-candidate': z.custom<Relayed>(),
  },
});

/** A call in the log of one of its two, over REST. */
export const callLogEntry = z
  .object({
    call_id: z.uuid(),
    type: callType,
    state: callState,
    caller_id: z.string(),
    callee_id: z.string(),
    direction: z.enum(['outgoing', 'incoming']),
    reason: callEndReason.nullable(),
    ended_by: z.string().nullable(),
    created_at: z.string(),
    answered_at: z.string().nullable(),
    ended_at: z.string().nullable(),
    duration_ms: z.number().int().nullable().describe('From the answer to the end.'),
  })
  .meta({ id: 'Call' });
export type CallLogEntry = z.infer<typeof callLogEntry>;

import type { Answer } from '../../ask.ts';

export const SIGNALS = ['webrtc:offer', 'webrtc:answer', 'webrtc:ice-candidate'] as const;
export type SignalEvent = (typeof SIGNALS)[number];

/** What two pages tell each other to connect; the server hands it on without looking into it. */
export interface Signal {
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit;
  /** Which offer it is, or answers: an answer to an earlier one comes too late. */
  round?: number;
}

export type SendSignal = (event: SignalEvent, signal: Signal) => Promise<Answer<unknown>>;

/** Refusals that settle by themselves: when both are back, the one who offers offers again. */
const PASSING = new Set(['network', 'peer_away', 'call_ended', 'huddle_ended', 'not_in_huddle', 'not_found', 'answered_elsewhere']);

/** Sends it, and leaves a note for whoever looks for the reason when two do not connect. */
export async function sendSignal(send: SendSignal, event: SignalEvent, signal: Signal): Promise<void> {
  const answer = await send(event, signal);
  if (!answer.ok && !PASSING.has(answer.refusal.reason)) console.warn(`${event} was refused: ${answer.refusal.reason}`);
}

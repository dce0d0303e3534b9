import type { Refusal } from '../../ask.ts';
import type { DeviceTrouble } from '../../calls/rtc/device-trouble.ts';
import type { LinkState } from '../../calls/rtc/peer-link.ts';

/** As the server tells of a participant. */
export interface Participant {
  userId: string;
  /** Another one when connections to this participant have to be made anew. */
  ref: string;
  audio: boolean;
  video: boolean;
  screen: boolean;
  hand: boolean;
  /** False while its socket is gone and its place is kept. */
  connected: boolean;
  joinedAt: string;
}

export interface HuddleView {
  huddleId: string;
  name: string | null;
  maxParticipants: number;
  createdBy: string;
}

export interface JoinReply {
  huddle: HuddleView;
  participants: readonly Participant[];
}

/** The huddle that this page is in. */
export interface Huddle {
  id: string;
  me: string;
  phase: 'joining' | 'in';
  /** The socket is gone, and joins again. */
  away: boolean;
  /** Null until it is joined. */
  view: HuddleView | null;
  /** All but oneself, in the order of their coming. */
  others: readonly Participant[];
  /** How one's own place is named; another one when the place was lost meanwhile. */
  ref: string | null;
  /** `ref`s of those who were there before oneself: to them one offers, all others do it themselves. */
  earlier: readonly string[];
  /** By `ref` of the others. */
  links: Readonly<Record<string, LinkState>>;
}

/** Why this page is in a huddle no more. */
export type Over = { left: 'left' | 'elsewhere' | 'removed' | 'ended' } | { refused: Refusal };

export interface Huddles {
  me: string;
  huddle: Huddle | null;
  over: { id: string; why: Over } | null;
  trouble: DeviceTrouble | null;
}

export type HuddleEvent =
  | { type: 'joining'; id: string }
  | { type: 'joined'; reply: JoinReply }
  | { type: 'came'; participant: Participant }
  | { type: 'changed'; participant: Participant }
  | { type: 'went'; ref: string }
  | { type: 'link'; ref: string; state: LinkState }
  | { type: 'away' }
  | { type: 'over'; why: Over }
  | { type: 'trouble'; trouble: DeviceTrouble | null }
  | { type: 'dismissed' };

export function noHuddles(me: string): Huddles {
  return { me, huddle: null, over: null, trouble: null };
}

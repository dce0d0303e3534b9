import type { Change, Message, NewMessage } from './message.ts';

/** Messages of one page of the history. */
export const PAGE = 50;

/** A message of ours that the log does not show yet. */
export interface Outgoing {
  clientMessageId: string;
  content: string;
  replyTo: string | null;
  createdAt: string;
  /** `sent`: the server has it under `seq`, and tells it in its turn. */
  state: 'pending' | 'sent' | 'failed';
  seq: number | null;
  refusal: Refusal | null;
}

/** Why the server, or the way to it, said no. */
export interface Refusal {
  reason: string;
  /** Of `rate_limited`, in ms. */
  retryAfterMs?: number;
  /** Another try does not change it. */
  final?: true;
}

/** One conversation as this page knows it. */
export interface Room {
  id: string;
  me: string;
  title: string | null;
  role: string | null;
  /** When it was last written in, as ISO time; null while nobody did. */
  activeAt: string | null;
  state: 'joining' | 'joined' | 'refused';
  refusal: Refusal | null;
  /** Without a hole, oldest first, up to the newest that was told. */
  messages: readonly Message[];
  /** Whether the first message of the conversation is among them. */
  atBeginning: boolean;
  /** Its newest page is to be read: messages may have changed while the connection was lost, or there are too few to show. */
  stale: boolean;
  latestSeq: number;
  /** Our mark; null until it is known. */
  readSeq: number | null;
  unread: number;
  /** The marks of others, as far as they were told. */
  readers: Readonly<Record<string, number>>;
  here: readonly string[];
  typing: readonly string[];
  outbox: readonly Outgoing[];
  /** The newest changes since the last join, for messages that are read later than they were changed. */
  recent: readonly Change[];
  /** Whether it is the one on the screen. */
  open: boolean;
  /** Whether its newest message is before somebody's eyes. */
  attended: boolean;
  /** What is after this `seq` came while nobody looked. */
  divider: number | null;
}

/** An item of `GET /conversations`. */
export interface Conversation {
  conversation_id: string;
  title: string | null;
  role: string;
  latest_seq: number;
  read_seq: number;
  unread: number;
  last_message_at: string | null;
}

export interface JoinReply {
  messages: readonly Message[];
  latest_seq: number;
  unread: number;
  truncated?: true;
}

export type RoomEvent =
  | { type: 'listed'; conversation: Conversation }
  | { type: 'joined'; reply: JoinReply }
  | { type: 'refused'; refusal: Refusal }
  /** The connection is gone; it is joined again. */
  | { type: 'lost' }
  | { type: 'heard'; message: NewMessage }
  | { type: 'changed'; change: Change }
  /** A page of the history, oldest first. */
  | { type: 'paged'; messages: readonly Message[]; newest: boolean }
  | { type: 'read'; userId: string; seq: number }
  | { type: 'typing'; userId: string; on: boolean }
  | { type: 'present'; userIds: readonly string[] }
  | { type: 'opened' }
  | { type: 'closed' }
  | { type: 'attended'; attended: boolean }
  | { type: 'composed'; clientMessageId: string; content: string; replyTo: string | null; createdAt: string }
  | { type: 'acknowledged'; clientMessageId: string; seq: number }
  | { type: 'failed'; clientMessageId: string; refusal: Refusal }
  | { type: 'retried'; clientMessageId: string }
  | { type: 'discarded'; clientMessageId: string };

export function newRoom(id: string, me: string): Room {
  return {
    id,
    me,
    title: null,
    role: null,
    activeAt: null,
    state: 'joining',
    refusal: null,
    messages: [],
    atBeginning: false,
    stale: false,
    latestSeq: 0,
    readSeq: null,
    unread: 0,
    readers: {},
    here: [],
    typing: [],
    outbox: [],
    recent: [],
    open: false,
    attended: false,
    divider: null,
  };
}

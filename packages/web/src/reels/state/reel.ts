import type { Refusal } from '../../ask.ts';

/** What a reel got in all. Of two the one with the higher revision is newer. */
export interface Counters {
  likes: number;
  comments: number;
  shares: number;
  views: number;
  revision: number;
}

export interface Comment {
  id: string;
  user_id: string;
  content: string;
  created_at: string;
}

/** As `reel_update` and the list of updates have it. */
export interface Update {
  id: string;
  update_data: Readonly<Record<string, unknown>>;
}

export interface JoinReply {
  counters: Counters;
  liked: boolean;
  /** The last ones, oldest first. */
  updates: readonly Update[];
}

/** What the server answers to what one does. */
export interface Done {
  counters: Counters;
  liked?: boolean;
  comment?: Comment;
}

/** The reel on the screen. */
export interface Reel {
  id: string;
  state: 'joining' | 'joined' | 'refused';
  refusal: Refusal | null;
  /** Null until it is joined. */
  counters: Counters | null;
  liked: boolean;
  /** Oldest first. */
  comments: readonly Comment[];
  /** More was commented than was told: of the comments of one window only the last one is. */
  gap: boolean;
}

export type ReelEvent =
  | { type: 'joined'; reply: JoinReply }
  | { type: 'refused'; refusal: Refusal }
  /** The connection is gone; it is joined again. */
  | { type: 'lost' }
  | { type: 'updated'; update: Update }
  | { type: 'done'; done: Done }
  /** The last updates, read anew. */
  | { type: 'listed'; updates: readonly Update[] };

export function newReel(id: string): Reel {
  return { id, state: 'joining', refusal: null, counters: null, liked: false, comments: [], gap: false };
}

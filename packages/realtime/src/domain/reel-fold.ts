import { AppError, newId } from '@armoricore/shared/kernel';
import type { ReelComment, ReelCounters, ReelUpdate } from '../contracts/reel.ts';
import type { Counter, Priority } from '../contracts/reel-fields.ts';

/** What a user does to a reel. */
export interface InteractionDraft {
  kind: 'interaction';
  type: 'like' | 'unlike' | 'comment' | 'share' | 'view';
  reelId: string;
  userId: string;
  /** The same again counts once. */
  clientInteractionId: string | null;
  /** Of a comment. */
  content?: string;
  /** Of a share: where to. */
  target?: string | undefined;
}

/** What the backend tells of a reel. */
export interface PublicationDraft extends Pick<ReelUpdate, 'update_data' | 'target_users' | 'target_channel' | 'priority'> {
  kind: 'publication';
  reelId: string;
}

export type ReelDraft = InteractionDraft | PublicationDraft;

/** What became of a draft. */
export interface Written {
  /** Of the reel, behind the transaction that the draft was in. */
  counters: ReelCounters;
  liked: boolean;
  comment: ReelComment | null;
  /** What is to be told; null when nothing changed. */
  update: ReelUpdate | null;
}

/** What the drafts of a batch meet, read behind the locks of their reels. Keys are `keyOf`. */
export interface Ground {
  reels: Map<string, ReelCounters & { lastSeq: number }>;
  /** Interactions that counted before, with what was commented. */
  known: Map<string, ReelComment | null>;
  /** Hearts of the users who take one back. */
  hearts: Map<string, { likes: number; liked: boolean }>;
}

export interface Hearts {
  reelId: string;
  userId: string;
  /** How many more. */
  likes: number;
  liked: boolean;
}

/** What is to be stored. */
export interface Changes {
  /** As they are behind the batch, the changed ones. */
  reels: Map<string, ReelCounters & { lastSeq: number }>;
  hearts: Hearts[];
  named: (Pick<InteractionDraft, 'reelId' | 'userId'> & { clientInteractionId: string; comment: ReelComment | null })[];
  updates: (ReelUpdate & { seq: number })[];
}

export const keyOf = (...parts: string[]): string => JSON.stringify(parts);

const COUNTER_OF = { like: 'likes', unlike: 'likes', comment: 'comments', share: 'shares', view: 'views' } as const satisfies Record<InteractionDraft['type'], Counter>;

/**
 * Counts a batch, in the order of its drafts. Every like adds one; an unlike takes one back from a user who likes the reel,
 * and does nothing for others.
 */
export function fold(drafts: readonly ReelDraft[], ground: Ground, now = new Date()): { outcomes: (Written | AppError)[]; changes: Changes } {
  const changes: Changes = { reels: new Map(), hearts: [], named: [], updates: [] };
  const counted = new Map<string, ReelCounters>();
  const hearts = new Map<string, Hearts & { given: number }>();

  /** All drafts of a reel share the counters, which are complete when the batch is. */
  function countersOf(reelId: string): ReelCounters {
    const { likes, comments, shares, views, revision } = ground.reels.get(reelId)!;
    const counters = counted.get(reelId) ?? { likes, comments, shares, views, revision };
    counted.set(reelId, counters);
    return counters;
  }

  function changed(reelId: string): ReelCounters & { lastSeq: number } {
    const reel = changes.reels.get(reelId) ?? ground.reels.get(reelId)!;
    changes.reels.set(reelId, reel);
    return reel;
  }

  function keep(update: ReelUpdate): void {
    const reel = changed(update.reel_id);
    changes.updates.push({ ...update, seq: (reel.lastSeq += 1) });
  }

  function heartsOf({ reelId, userId }: InteractionDraft): Hearts & { given: number } {
    const key = keyOf(reelId, userId);
    const before = ground.hearts.get(key);
    const mine = hearts.get(key) ?? { reelId, userId, likes: 0, liked: before?.liked ?? false, given: before?.likes ?? 0 };
    if (!hearts.has(key)) changes.hearts.push(mine);
    hearts.set(key, mine);
    return mine;
  }

  /** How many more it makes. */
  function count(draft: InteractionDraft): number {
    if (draft.type !== 'like' && draft.type !== 'unlike') return 1;
    const mine = heartsOf(draft);
    const more = draft.type === 'like' ? 1 : mine.liked && mine.given > 0 ? -1 : 0;
    mine.likes += more;
    mine.given += more;
    mine.liked = draft.type === 'like';
    return more;
  }

  function interact(draft: InteractionDraft): Written {
    const { type, reelId, userId, clientInteractionId } = draft;
    const counters = countersOf(reelId);
    const liked = type === 'like';
    const name = clientInteractionId === null ? null : keyOf(reelId, userId, clientInteractionId);
    const known = name === null ? undefined : ground.known.get(name);
    if (known !== undefined) return { counters, liked, comment: known, update: null };
    const comment = type === 'comment' ? { id: newId(), user_id: userId, content: draft.content!, created_at: now.toISOString() } : null;
    if (name !== null) {
      ground.known.set(name, comment);
      changes.named.push({ reelId, userId, clientInteractionId: clientInteractionId!, comment });
    }
    const more = count(draft);
    if (more === 0) return { counters, liked, comment, update: null };
    changed(reelId);
    counters[COUNTER_OF[type]] += more;
    const said = { [COUNTER_OF[type]]: more, ...(comment && { comment }), ...(draft.target !== undefined && { share: { user_id: userId, target: draft.target } }) };
    const update = { ...envelope(reelId, now), id: comment?.id ?? newId(), update_data: said, priority: type === 'view' ? ('low' as const) : ('normal' as const) };
    if (comment !== null) keep(update);
    return { counters, liked, comment, update: { ...update, update_data: { ...said, counters } } };
  }

  function publish({ reelId, update_data, target_users, target_channel, priority }: PublicationDraft): Written {
    const update = { ...envelope(reelId, now), id: newId(), update_data, target_users, target_channel, priority };
    keep(update);
    return { counters: countersOf(reelId), liked: false, comment: null, update };
  }

  const outcomes = drafts.map((draft) => {
    if (!ground.reels.has(draft.reelId)) return new AppError('not_found');
    return draft.kind === 'interaction' ? interact(draft) : publish(draft);
  });
  for (const [reelId, reel] of changes.reels) {
    const counters = counted.get(reelId)!;
    if (!sameCounts(counters, reel)) counters.revision += 1;
    changes.reels.set(reelId, { ...counters, lastSeq: reel.lastSeq });
  }
  return { outcomes, changes };
}

/** An update for everyone on the topic of its reel. */
function envelope(reelId: string, now: Date): { reel_id: string; target_users: string[]; target_channel: null; timestamp: number; priority: Priority } {
  return { reel_id: reelId, target_users: [], target_channel: null, timestamp: now.getTime(), priority: 'normal' };
}

function sameCounts(a: ReelCounters, b: ReelCounters): boolean {
  return a.likes === b.likes && a.comments === b.comments && a.shares === b.shares && a.views === b.views;
}

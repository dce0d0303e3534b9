import { AppError } from '@armoricore/shared/kernel';
import { hasRole, type Identity } from '../auth/identity.ts';
import { RECENT_UPDATES, type ReelJoinReply, type ReelUpdate } from '../contracts/reel.ts';
import { reelId as reelIdSchema } from '../contracts/reel-fields.ts';
import type { BatchWriter } from './batch-writer.ts';
import { pageOf } from './page.ts';
import type { InteractionDraft, PublicationDraft, ReelDraft, Written } from './reel-fold.ts';

/** Which updates of a reel: the newest `limit` before one. */
export interface UpdateSpan {
  before?: number | undefined;
  limit: number;
}

/** Where reels are kept. */
export interface ReelRepository {
  /** Counters and the user's like. Null when there is no such reel. */
  find(reelId: string, userId: string): Promise<Pick<ReelJoinReply, 'counters' | 'liked'> | null>;
  /** Does nothing when there is one. */
  create(reelId: string): Promise<void>;
  /** Updates that are kept, newest first, with what is for this user; null: with all. */
  updates(reelId: string, userId: string | null, span: UpdateSpan): Promise<{ seq: number; update: ReelUpdate }[]>;
  /** Those that went to the topic of the reel and to this user, oldest first. */
  recent(reelId: string, userId: string, limit: number): Promise<ReelUpdate[]>;
}

export interface ReelOptions {
  repository: ReelRepository;
  writer: BatchWriter<ReelDraft, Written>;
  /** A reel that does not exist is made by the first who joins. */
  open: boolean;
}

export type ReelSnapshot = Omit<ReelJoinReply, 'encoding'>;
export type ReelService = ReturnType<typeof createReelService>;

/** The rules of reels: which there are, what is counted, who sees what. */
export function createReelService({ repository, writer, open }: ReelOptions) {
  return {
    /** What a joiner is told first. @throws AppError `invalid_payload` for what is no id, `not_found` */
    async snapshot(reelId: string, userId: string): Promise<ReelSnapshot> {
      assertReelId(reelId);
      let found = await repository.find(reelId, userId);
      if (found === null && open) {
        await repository.create(reelId);
        found = await repository.find(reelId, userId);
      }
      if (found === null) throw new AppError('not_found', { reel_id: reelId });
      return { reel_id: reelId, ...found, updates: await repository.recent(reelId, userId, RECENT_UPDATES) };
    },

    /** Resolves when it is counted for good. @throws AppError `not_found`, `unavailable`, `overloaded` */
    interact: (draft: Omit<InteractionDraft, 'kind'>): Promise<Written> => writer.write({ kind: 'interaction', ...draft }),

    /** Publishes an update; a reel that does not exist is made. Resolves when it is durable. @throws AppError `unavailable`, `overloaded` */
    async publish(draft: Omit<PublicationDraft, 'kind'>): Promise<ReelUpdate> {
      return (await writer.write({ kind: 'publication', ...draft })).update!;
    },

    /** The updates that are kept, newest first; `next` goes on. What was for others is not shown. @throws AppError `not_found` */
    async updates(reelId: string, identity: Identity, { before, limit }: UpdateSpan): Promise<{ updates: ReelUpdate[]; next: number | null }> {
      const seesAll = hasRole(identity, 'service') || hasRole(identity, 'admin');
      if ((await repository.find(reelId, identity.userId)) === null) throw new AppError('not_found', { reel_id: reelId });
      const found = await repository.updates(reelId, seesAll ? null : identity.userId, { before, limit: limit + 1 });
      const { entries, next } = pageOf(found, limit, ({ seq }) => seq);
      return { updates: entries.map(({ update }) => update), next };
    },
  };
}

function assertReelId(reelId: string): void {
  const { error } = reelIdSchema.safeParse(reelId);
  if (error !== undefined) throw new AppError('invalid_payload', { path: 'reel_id', issues: [{ path: 'reel_id', message: error.issues[0]!.message }] });
}

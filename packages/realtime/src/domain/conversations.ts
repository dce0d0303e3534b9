import type { MemberRole } from '@armoricore/shared/db';
import type { BusEvent } from '@armoricore/shared/events';
import type { MessageView } from '../contracts/chat.ts';
import type { Identity } from '../auth/identity.ts';
import type { Actor } from './audit.ts';
import type { ChatService } from './chat.ts';
import type { Page } from './page.ts';

/** What a backend says of a conversation; what is left out stays as it is. */
export interface ConversationChange {
  public?: boolean | undefined;
  title?: string | null | undefined;
  members?: { user_id: string; role: Exclude<MemberRole, 'guest'> }[] | undefined;
}

export interface ConversationView {
  conversation_id: string;
  public: boolean;
  title: string | null;
  latest_seq: number;
  created_at: string;
}

/** Somebody of a conversation: a member, or a guest who has read in a public one. */
export interface MemberView {
  user_id: string;
  role: MemberRole;
  /** Everything up to this message is read. */
  read_seq: number;
  joined_at: string;
}

/** A conversation as one of its members has it. */
export interface OwnConversation extends ConversationView {
  role: MemberRole;
  read_seq: number;
  /** At most 1,000 are counted. */
  unread: number;
  last_message_at: string | null;
}

/** Where conversations are kept. What a change of members means for sockets travels as `membership.updated`, in its transaction. */
export interface ConversationRepository {
  put(id: string, change: ConversationChange, actor: Actor): Promise<{ created: boolean; conversation: ConversationView }>;
  /** @throws AppError `not_found` */
  setMember(id: string, userId: string, role: Exclude<MemberRole, 'guest'>, actor: Actor): Promise<void>;
  /** Does nothing when the user is no member. @throws AppError `not_found` */
  removeMember(id: string, userId: string, actor: Actor): Promise<void>;
  /** By user id, after that of `after`. */
  members(id: string, page: Page): Promise<{ members: MemberView[]; next: string | null }>;
  /** Does once what an event of the backend says. An unknown conversation is made, private. */
  applyMembership(event: BusEvent<'membership.updated'>): Promise<void>;
  /** The latest written-in first; `before` is a `next` of an earlier page. */
  listOf(userId: string, page: { before?: string | undefined; limit: number }): Promise<{ conversations: OwnConversation[]; next: string | null }>;
}

export type ConversationService = ReturnType<typeof createConversationService>;

/** Conversations over REST and the bus. */
export function createConversationService({ repository, chat }: { repository: ConversationRepository; chat: ChatService }) {
  return {
    ...repository,
    /** @throws AppError `not_found`, `forbidden` as a join would */
    async members(id: string, identity: Identity, page: Page): ReturnType<ConversationRepository['members']> {
      await chat.admit(id, identity);
      return repository.members(id, page);
    },
    /** @throws AppError `not_found`, `forbidden` as a join would */
    async messages(id: string, identity: Identity, page: { before_seq?: number | undefined; limit?: number | undefined }): Promise<MessageView[]> {
      await chat.admit(id, identity);
      return chat.history(id, identity.userId, page);
    },
  };
}

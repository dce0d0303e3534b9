import { AppError } from '@armoricore/shared/kernel';
import { hasRole, type Identity } from '../auth/identity.ts';
import { DEFAULT_PAGE, LARGEST_PAGE, type ChatJoinReply, type MessageView, type NewMessage } from '../contracts/chat.ts';
import { conversationId as conversationIdSchema } from '../contracts/chat-fields.ts';
import { actorIn } from './audit.ts';
import type { ChatWriter, Draft } from './chat-writer.ts';

/** What is known of somebody who wants to join. */
export interface Access {
  public: boolean;
  member: boolean;
}

/** Which messages of a conversation: the newest `limit` of those that lie between, neither bound included. */
export interface Span {
  after: number;
  before: number;
  limit: number;
}

/** What a change did. `null`: nothing, it was so before. */
export type Told<Details extends object> = ({ messageId: string; seq: number } & Details) | null;

/** Where conversations and their messages are kept. Every change is durable when it resolves. */
export interface ChatRepository {
  access(conversationId: string, userId: string): Promise<Access | null>;
  /** Does nothing when there is one. */
  create(conversationId: string, options: { public: boolean }): Promise<void>;
  /** The newest message's number and how many messages of others are unread, of at most 1,000. */
  position(conversationId: string, userId: string): Promise<{ latest: number; unread: number }>;
  /** Oldest first. */
  messages(conversationId: string, userId: string, span: Span): Promise<MessageView[]>;
  /** @throws AppError `not_found`, `forbidden`, `message_deleted` */
  edit(change: Change & { content: string }): Promise<Told<{ content: string; editedAt: string; revision: number }>>;
  /**
   * @param change.mayAny whether the user may delete messages of others without being a moderator @param change.why goes into the audit
   *   log @param change.again tells also of a message that was deleted before @throws AppError `not_found`, `forbidden`
   */
  remove(change: Change & { remoteAddress: string | null; mayAny: boolean; why?: Record<string, unknown>; again?: boolean }): Promise<Told<{ deletedAt: string }>>;
  /** @throws AppError `not_found`, `message_deleted`, `too_many_reactions` */
  addReaction(change: Change & { emoji: string }): Promise<Told<object>>;
  /** @throws AppError `not_found` */
  removeReaction(change: Change & { emoji: string }): Promise<Told<object>>;
  /** Moves the user's mark, never back. @throws AppError `not_found` */
  markRead(change: Change): Promise<Told<object>>;
}

/** Somebody acts on a message. */
export interface Change {
  conversationId: string;
  messageId: string;
  userId: string;
}

export interface ChatOptions {
  repository: ChatRepository;
  writer: ChatWriter;
  /** A conversation that does not exist is made, public, by the first who joins. */
  openRooms: boolean;
}

/** Content of one page, in bytes of UTF-16 text: a reply must fit the send buffer of a socket. */
const PAGE_CHARACTERS = 256 * 1024;

/** Who deletes what moderation flags, in the audit log and to clients. */
export const MODERATION = 'moderation';

export type ChatService = ReturnType<typeof createChatService>;

/** The rules of conversations: who may join, what they see, who may change what. */
export function createChatService({ repository, writer, openRooms }: ChatOptions) {
  async function page(conversationId: string, userId: string, span: Span): Promise<MessageView[]> {
    return span.before - span.after <= 1 ? [] : newestThatFit(await repository.messages(conversationId, userId, span));
  }

  return {
    /** Whether somebody may join and read. @throws AppError `not_found`, `forbidden` */
    async admit(conversationId: string, identity: Identity): Promise<void> {
      if (!conversationIdSchema.safeParse(conversationId).success) throw new AppError('not_found');
      const named = identity.conversations?.includes(conversationId) === true;
      const access = await repository.access(conversationId, identity.userId);
      if (access === null) {
        if (!named && !openRooms) throw new AppError('not_found');
        await repository.create(conversationId, { public: !named });
        return;
      }
      const trusted = named || hasRole(identity, 'admin') || hasRole(identity, 'service');
      if (!access.public && !access.member && !trusted) throw new AppError('forbidden');
    },

    /** What a joiner is told first: what he missed since `since_seq`, or the newest messages. */
    async snapshot(conversationId: string, userId: string, { since_seq, limit }: { since_seq?: number | undefined; limit?: number | undefined }): Promise<ChatJoinReply> {
      const { latest, unread } = await repository.position(conversationId, userId);
      const after = since_seq ?? 0;
      const span = { after, before: latest + 1, limit: limit ?? (since_seq === undefined ? DEFAULT_PAGE : LARGEST_PAGE) };
      const messages = await page(conversationId, userId, span);
      const truncated = since_seq !== undefined && messages.length < latest - after;
      return { messages, latest_seq: latest, unread, ...(truncated ? { truncated } : {}) };
    },

    /** The messages before one, oldest first; an empty page is the beginning of the conversation. */
    history(conversationId: string, userId: string, { before_seq, limit }: { before_seq?: number | undefined; limit?: number | undefined }): Promise<MessageView[]> {
      return page(conversationId, userId, { after: 0, before: before_seq ?? Number.MAX_SAFE_INTEGER, limit: limit ?? DEFAULT_PAGE });
    },

    /** Resolves when the message is durable and was told to the members. The same `clientMessageId` again is the same message. */
    send: (draft: Draft): Promise<NewMessage> => writer.send(draft),

    edit: repository.edit,
    /** By the author, a moderator or an admin. */
    remove(change: Change, identity: Identity) {
      const mayAny = hasRole(identity, 'admin') || hasRole(identity, 'service');
      return repository.remove({ ...change, ...actorIn(identity), mayAny });
    },
    /**
     * What moderation flagged goes as if a moderator had deleted it. Again: the same answer, as whoever asked may have died before he told
     * of it. Null when there is no such message any more.
     */
    async moderate(change: Omit<Change, 'userId'>, why: { reason: string; categories: readonly string[] }): Promise<Told<{ deletedAt: string }>> {
      try {
        return await repository.remove({ ...change, userId: MODERATION, remoteAddress: null, mayAny: true, why, again: true });
      } catch (error) {
        if (error instanceof AppError && error.code === 'not_found') return null;
        throw error;
      }
    },
    addReaction: repository.addReaction,
    removeReaction: repository.removeReaction,
    markRead: repository.markRead,
  };
}

/** The newest of a page that are not too large together; one at least. */
function newestThatFit(page: readonly MessageView[]): MessageView[] {
  let characters = 0;
  const fitting = page.toReversed().findIndex(({ content, attachments }, i) => {
    characters += content.length + JSON.stringify(attachments).length;
    return i > 0 && characters > PAGE_CHARACTERS;
  });
  return fitting === -1 ? [...page] : page.slice(page.length - fitting);
}

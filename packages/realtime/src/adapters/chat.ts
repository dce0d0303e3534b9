import type { Bus } from '@armoricore/shared/bus';
import type { ConfigOf, chatConfig } from '@armoricore/shared/config';
import type { Database } from '@armoricore/shared/db';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { createChatChannel } from '../channels/chat.ts';
import { createChatNotices } from '../domain/chat-notices.ts';
import { createChatWriter } from '../domain/chat-writer.ts';
import { createChatService, type ChatService } from '../domain/chat.ts';
import { createConversationService, type ConversationService } from '../domain/conversations.ts';
import { createRateLimiter } from '../domain/rate-limit.ts';
import type { Channel, PubSub } from '../engine/index.ts';
import { createChatLog } from '../persistence/chat-log.ts';
import { createNoticeRepository } from '../persistence/chat-notices.ts';
import { createChatRepository } from '../persistence/chat.ts';
import { createConversationRepository } from '../persistence/conversations.ts';
import { withChatFeeds } from './chat-feeds.ts';
import { withOnlineUsers, type OnlineUsers } from './online-users.ts';

export interface ChatOptions {
  db: Database;
  bus: Bus;
  /** Between the nodes. */
  pubsub: PubSub;
  config: ConfigOf<{ chat: typeof chatConfig }>['chat'];
  /** Rooms are open when the configuration does not say. */
  development: boolean;
  log: Log;
}

export interface Chat {
  /** For the endpoint: conversations come in order, and who has a socket is known. */
  pubsub: PubSub;
  channel: Channel<Identity>;
  online: OnlineUsers;
  conversations: ConversationService;
  /** Whether somebody may read a conversation. @throws AppError `not_found`, `forbidden` */
  admit: ChatService['admit'];
  moderate: ChatService['moderate'];
  /** What runs beside: the check of the feeds, and what asks for notifications. */
  services: Service[];
}

/** Puts the parts of the chat together. */
export function openChat({ db, bus, pubsub, config, development, log }: ChatOptions): Chat {
  const delayMs = config.CHAT_NOTIFY_DELAY_MS;
  const repository = createChatRepository(db);
  const online = withOnlineUsers(pubsub);
  const ordered = withChatFeeds(online.pubsub, {
    readAfter: (conversationId) => (seq) => repository.readAfter(conversationId, seq),
    latestOf: repository.latestOf,
    onError: (thrown) => log.warn({ reason: describeError(thrown) }, 'missing messages could not be read; trying again'),
  });
  const writer = createChatWriter({
    log: createChatLog({ db, bus, notifyDelayMs: delayMs }),
    announce: (message) => pubsub.publish({ topic: `chat:${message.conversationId}`, event: 'message:new', payload: message }),
    logger: log,
  });
  const chat = createChatService({ repository, writer, openRooms: config.CHAT_OPEN_ROOMS ?? development });
  return {
    pubsub: ordered.pubsub,
    channel: createChatChannel({ chat, feeds: ordered.feeds, limiter: createRateLimiter(), messagesPerSecond: config.CHAT_MESSAGES_PER_SECOND }),
    online,
    conversations: createConversationService({ repository: createConversationRepository(db, bus), chat }),
    admit: chat.admit,
    moderate: chat.moderate,
    services: [ordered.check, createChatNotices({ repository: createNoticeRepository(db, bus, { delayMs }), onlineAmong: online.onlineAmong, log })],
  };
}

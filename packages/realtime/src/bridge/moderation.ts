import { consumerService, type Bus } from '@armoricore/shared/bus';
import type { Service } from '@armoricore/shared/kernel';
import { MODERATION, type ChatService } from '../domain/chat.ts';
import type { Endpoint } from '../engine/index.ts';

/** Deletes what moderation flags, and tells the conversation. It comes again when a process dies in between: then it is told again. */
export function createModerationBridge(bus: Bus, moderate: ChatService['moderate'], endpoint: Endpoint): Service {
  return consumerService('moderation', bus, {
    group: 'moderation',
    types: ['moderation.verdict'],
    async handler({ payload: { message_id: messageId, conversation_id: conversationId, flagged, reason, categories } }) {
      if (!flagged || reason === null) return;
      const deleted = await moderate({ conversationId, messageId }, { reason, categories });
      if (deleted !== null) endpoint.broadcast(`chat:${conversationId}`, 'message:deleted', { conversationId, ...deleted, userId: MODERATION, reason });
    },
  });
}

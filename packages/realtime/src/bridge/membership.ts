import { consumerService, type Bus } from '@armoricore/shared/bus';
import type { Service } from '@armoricore/shared/kernel';
import type { ConversationService } from '../domain/conversations.ts';
import type { Endpoint } from '../engine/index.ts';

/** Carries `membership.updated` into the tables and to the sockets: whoever was removed is put out of the conversation. */
export function createMembershipBridge(bus: Bus, conversations: ConversationService, endpoint: Endpoint): Service {
  return consumerService('membership', bus, {
    group: 'chat',
    types: ['membership.updated'],
    async handler(event) {
      await conversations.applyMembership(event);
      const { conversation_id: conversationId, added, removed } = event.payload;
      const topic = `chat:${conversationId}`;
      // Also when it comes again: the process may have died before it told.
      for (const userId of removed) endpoint.broadcast(topic, 'member:removed', { conversationId, userId, reason: 'removed' });
      for (const userId of added) endpoint.broadcast(topic, 'member:added', { conversationId, userId });
    },
  });
}

import { expect, expectTypeOf, it } from 'vitest';
import type { ChatJoinReply, MessageView, NewMessage as Told } from '../../../realtime/src/contracts/index.ts';
import { conversationId } from '../../../realtime/src/contracts/chat-fields.ts';
import type { OwnConversation } from '../../../realtime/src/domain/conversations.ts';
import { MAX_CONTENT_BYTES as LONGEST } from '../../../realtime/src/contracts/chat-fields.ts';
import { ERRORS } from '../../../shared/src/kernel/index.ts';
import { MAX_CONTENT_BYTES } from '../../src/chat/limits.ts';
import { refusalInWords } from '../../src/chat/reasons.ts';
import { isRoomId } from '../../src/chat/room-id.ts';
import type { Message, NewMessage } from '../../src/chat/state/message.ts';
import type { Conversation, JoinReply } from '../../src/chat/state/room.ts';

it('the page knows conversations as the server sends them', () => {
  expectTypeOf<Told>().toExtend<NewMessage>();
  expectTypeOf<MessageView>().toExtend<Message>();
  expectTypeOf<ChatJoinReply>().toExtend<JoinReply>();
  expectTypeOf<OwnConversation>().toExtend<Conversation>();
  expect(MAX_CONTENT_BYTES).toBe(LONGEST);
});

it('the page takes the names of rooms that the server takes', () => {
  for (const id of ['a', 'A.b_c-1', 'a b', 'é', '', 'x'.repeat(128), 'x'.repeat(129)]) expect(isRoomId(id)).toBe(conversationId.safeParse(id).success);
});

it('the page has words of its own for all that a push may be refused for', () => {
  const unknown = refusalInWords({ reason: 'of_tomorrow' });
  for (const reason of ['forbidden', 'not_found', 'message_deleted', 'too_many_reactions', 'invalid_payload', 'overloaded', 'unavailable', 'rate_limited']) {
    expect(ERRORS).toHaveProperty(reason);
    expect(refusalInWords({ reason })).not.toBe(unknown);
  }
});

import type { Channel } from 'phoenix';
import type { NewMessage } from './state/message.ts';
import type { RoomEvent } from './state/room.ts';

/** Somebody whose end of typing was lost types no longer after this, in ms: the server says it after 5 s. */
const TYPING_MS = 6_000;

interface About {
  messageId: string;
  seq: number;
  userId: string;
}

/** Turns what a chat channel tells into events of its room. Returns what ends it. */
export function listenToRoom(channel: Channel, me: string, dispatch: (event: RoomEvent) => void): () => void {
  const typing = new Map<string, ReturnType<typeof setTimeout>>();

  function setTyping(userId: string, on: boolean): void {
    clearTimeout(typing.get(userId));
    typing.delete(userId);
    if (on) typing.set(userId, setTimeout(() => setTyping(userId, false), TYPING_MS));
    dispatch({ type: 'typing', userId, on });
  }

  channel.on('message:new', (message: NewMessage) => dispatch({ type: 'heard', message }));
  channel.on('message:edited', ({ messageId, content, editedAt, revision }: About & { content: string; editedAt: string; revision: number }) =>
    dispatch({ type: 'changed', change: { type: 'edited', messageId, content, editedAt, revision } }),
  );
  channel.on('message:deleted', ({ messageId, deletedAt }: About & { deletedAt: string }) =>
    dispatch({ type: 'changed', change: { type: 'deleted', messageId, deletedAt } }),
  );
  channel.on('message:reaction:added', ({ messageId, userId, emoji }: About & { emoji: string }) =>
    dispatch({ type: 'changed', change: { type: 'reacted', messageId, userId, emoji } }),
  );
  channel.on('message:reaction:removed', ({ messageId, userId, emoji }: About & { emoji: string }) =>
    dispatch({ type: 'changed', change: { type: 'unreacted', messageId, userId, emoji } }),
  );
  channel.on('message:read', ({ userId, seq }: About) => dispatch({ type: 'read', userId, seq }));
  channel.on('typing:start', ({ userId }: About) => setTyping(userId, true));
  channel.on('typing:stop', ({ userId }: About) => setTyping(userId, false));
  channel.on('member:removed', ({ userId }: About) => {
    if (userId === me) dispatch({ type: 'refused', refusal: { reason: 'removed', final: true } });
  });
  return () => typing.forEach((timer) => clearTimeout(timer));
}

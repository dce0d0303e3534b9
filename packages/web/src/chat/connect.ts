import { effect, untracked } from '@preact/signals';
import { call } from '../api.ts';
import { route } from '../route.ts';
import type { Live } from '../socket.ts';
import { RoomChannel } from './channel.ts';
import { isRoomId } from './room-id.ts';
import { dispatch, ensureRoom, findRoom, forgetRooms, roomList } from './rooms.ts';
import type { Conversation } from './state/room.ts';

/** Rooms that are joined for their news without being open, the latest active first. */
const LISTENED = 40;

let live: Live | null = null;
const channels = new Map<string, RoomChannel>();

/** The channel of a room that is joined or wants to be. */
export const channelOf = (id: string): RoomChannel | undefined => channels.get(id);

/** Follows the rooms of the signed-in user, whichever screen is shown. Returns what ends it. */
export function run(signedIn: Live): () => void {
  live = signedIn;
  const stopListing = effect(() => {
    if (signedIn.joined.value > 0) void listRooms(signedIn);
  });
  const stopOpening = effect(() => {
    const id = openRoomId();
    return id === null ? undefined : untracked(() => open(id));
  });
  window.addEventListener('beforeunload', warnOfUnsent);
  return () => {
    window.removeEventListener('beforeunload', warnOfUnsent);
    stopListing();
    stopOpening();
    for (const channel of channels.values()) channel.leave();
    channels.clear();
    live = null;
    forgetRooms();
  };
}

/** The room that the address names; null for an address that can name none. */
export function openRoomId(): string | null {
  const [screen, id] = route.value;
  return screen === 'chat' && id !== undefined && isRoomId(id) ? id : null;
}

/** Joins a room anew that refused. */
export function rejoin(id: string): void {
  channels.get(id)?.leave();
  channels.delete(id);
  follow(id);
}

function open(id: string): () => void {
  if (live !== null) ensureRoom(id, live.userId);
  dispatch(id, { type: 'opened' });
  follow(id);
  return () => dispatch(id, { type: 'closed' });
}

function follow(id: string): void {
  if (live === null || channels.has(id)) return;
  const room = ensureRoom(id, live.userId);
  channels.set(id, new RoomChannel(live.socket, room, (event) => dispatch(id, event)));
}

/** Reads the list, and listens to its first rooms. The next join reads it again when the server cannot be reached. */
async function listRooms(signedIn: Live): Promise<void> {
  try {
    const { conversations } = await call<{ conversations: Conversation[] }>('GET', '/conversations?limit=100');
    if (live !== signedIn) return;
    for (const conversation of conversations) {
      ensureRoom(conversation.conversation_id, signedIn.userId);
      dispatch(conversation.conversation_id, { type: 'listed', conversation });
    }
    for (const { conversation_id } of conversations.slice(0, LISTENED)) {
      if (findRoom(conversation_id)?.peek().state !== 'refused') follow(conversation_id);
    }
  } catch (error) {
    console.warn('The list of rooms could not be read.', error);
  }
}

function warnOfUnsent(event: BeforeUnloadEvent): void {
  if (roomList.peek().some(({ outbox }) => outbox.some(({ state }) => state === 'pending'))) event.preventDefault();
}

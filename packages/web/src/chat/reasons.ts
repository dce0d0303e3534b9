import type { Refusal } from './state/room.ts';

/** Refusals in the words of the person who chats: what happened, then what helps. */
const WORDS: Record<string, string> = {
  forbidden: 'You may not do this here.',
  not_found: 'This is not there any more.',
  message_deleted: 'This message was deleted meanwhile.',
  too_many_reactions: 'This message has as many different reactions as it can have.',
  invalid_payload: 'The server does not take this as it is.',
  overloaded: 'The server has too much to do. Try again in a moment.',
  unavailable: 'The server cannot save anything at the moment. Try again in a moment.',
  unauthorized: 'Your access has ended. Open the page again to sign in.',
  network: 'There is no connection. Try again when it is back.',
};

const ROOM_WORDS: Record<string, string> = {
  forbidden: 'This room is private, and you are not one of its members.',
  not_found: 'There is no room of this name.',
  removed: 'You were removed from this room.',
  closed: 'The server closed this room for you.',
};

/** Why something in a room was refused. */
export function refusalInWords({ reason, retryAfterMs }: Refusal): string {
  if (reason === 'rate_limited') return `That was too much at once. Try again ${inSeconds(retryAfterMs)}.`;
  return WORDS[reason] ?? 'Something went wrong on the server.';
}

/** Why a room cannot be joined. */
export function roomRefusalInWords(refusal: Refusal): string {
  return ROOM_WORDS[refusal.reason] ?? refusalInWords(refusal);
}

function inSeconds(ms = 1_000): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds <= 1 ? 'in a second' : `in ${seconds} seconds`;
}

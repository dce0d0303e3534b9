import { refusalInWords, type Refusal } from '../ask.ts';
import { namesInWords } from '../chat/names.ts';
import type { Over } from './state/huddle.ts';

/** What a huddle is called; one without a name after who is in it. */
export function huddleName(name: string | null, userIds: readonly string[]): string {
  if (name !== null) return name;
  return userIds.length === 0 ? 'Huddle without a name' : `Huddle of ${namesInWords(userIds)}`;
}

/** Why this page is in the huddle no more; null when that needs no words. */
export function overInWords(why: Over): string | null {
  if ('refused' in why) return huddleRefusalInWords(why.refused);
  switch (why.left) {
    case 'left':
      return null;
    case 'elsewhere':
      return 'You go on with this huddle in another window or on another device.';
    case 'removed':
      return 'You are in this huddle no more: your connection was lost for too long, or you were removed.';
    case 'ended':
      return 'The huddle was ended for all.';
  }
}

/** Why a huddle cannot be made, seen or joined. */
export function huddleRefusalInWords(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'huddle_full':
      return 'The huddle is full. Try again when somebody has left.';
    case 'huddle_ended':
      return 'The huddle has ended.';
    case 'not_found':
      return 'There is no such huddle.';
    case 'forbidden':
      return 'This huddle belongs to a room that you are not a member of.';
    case 'closed':
      return 'The server closed the huddle for you.';
    default:
      return refusalInWords(refusal);
  }
}

/** `3 of 8`. */
export function countInWords(count: number, limit: number): string {
  return count === 0 ? `Nobody, room for ${limit}` : `${count} of ${limit}`;
}

import { session } from '../session.ts';

const KEY = 'armoricore.drafts';
/** Rooms whose unsent text is kept. */
const MOST = 50;

/** What was written in a room and not sent, by this user in this browser. */
export function draftOf(roomId: string): string {
  return readAll()[keyOf(roomId)] ?? '';
}

/** Keeps it, the newest 50; an empty one goes. */
export function keepDraft(roomId: string, text: string): void {
  const { [keyOf(roomId)]: _, ...others } = readAll();
  const entries = Object.entries(text === '' ? others : { ...others, [keyOf(roomId)]: text }).slice(-MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(entries)));
  } catch {
    // No room in the browser's storage: the draft lives as long as the page shows it.
  }
}

function keyOf(roomId: string): string {
  const now = session.peek();
  return `${now.state === 'signed_in' ? now.userId : ''} ${roomId}`;
}

function readAll(): Record<string, string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {}; // Not ours, or damaged.
  }
}

import { expect, it } from 'vitest';
import { entriesOf } from '../../src/chat/state/entries.ts';
import type { Message } from '../../src/chat/state/message.ts';
import { newRoom } from '../../src/chat/state/room.ts';

let seq = 0;
const message = (senderId: string, at: Date): Message => {
  seq += 1;
  return { id: `m${seq}`, seq, senderId, content: '', replyTo: null, attachments: [], clientMessageId: null, createdAt: at.toISOString(), editedAt: null, revision: 0, deletedAt: null, reactions: [] };
};
const lines = (messages: Message[], divider: number | null = null): string[] =>
  entriesOf({ ...newRoom('room', 'me'), messages, divider }).map((entry) => (entry.kind === 'message' ? `${entry.message.seq}${entry.first ? ' first' : ''}` : entry.kind));

it('groups messages by day, author and nearness, and marks where the new ones begin', () => {
  seq = 0;
  const at = (day: number, hour: number, minute: number): Date => new Date(2026, 2, day, hour, minute);
  const messages = [
    message('ann', at(3, 23, 50)),
    message('ann', at(3, 23, 52)),
    message('ann', at(3, 23, 59)),
    message('ann', at(4, 0, 1)),
    message('me', at(4, 0, 1)),
    message('ann', at(4, 0, 2)),
    message('ann', at(4, 0, 3)),
  ];
  expect(lines(messages)).toEqual(['day', '1 first', '2', '3 first', 'day', '4 first', '5 first', '6 first', '7']);
  expect(lines(messages, 6)).toEqual(['day', '1 first', '2', '3 first', 'day', '4 first', '5 first', '6 first', 'new', '7 first']);
  expect(lines(messages, 4).indexOf('new')).toBe(lines(messages, 4).indexOf('6 first') - 1); // Our own are not new.
});

it('gives every line a name of its own, and a message of ours the same before and after it was sent', () => {
  seq = 0;
  const mine = { ...message('me', new Date()), clientMessageId: 'c1' };
  const room = newRoom('room', 'me');
  const outgoing = { clientMessageId: 'c1', content: '', replyTo: null, createdAt: mine.createdAt, state: 'pending', seq: null, refusal: null } as const;
  const keys = (change: Partial<typeof room>): string[] => entriesOf({ ...room, ...change }).map(({ key }) => key);
  expect(keys({ outbox: [outgoing] }).at(-1)).toBe(keys({ messages: [mine] }).at(-1));
  const all = keys({ messages: [message('ann', new Date()), mine, message('me', new Date())], outbox: [{ ...outgoing, clientMessageId: 'c2' }] });
  expect(new Set(all).size).toBe(all.length);
});

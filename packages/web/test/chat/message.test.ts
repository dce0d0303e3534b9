import { describe, expect, it } from 'vitest';
import { applyChange, mergeMessages, type Message } from '../../src/chat/state/message.ts';
import { paged } from '../../src/chat/state/arrivals.ts';
import { reduce } from '../../src/chat/state/reduce.ts';
import { newRoom, type RoomEvent } from '../../src/chat/state/room.ts';
import { ME, ServerRoom } from './support/server.ts';

function messages(count: number): Message[] {
  const server = new ServerRoom(() => undefined);
  for (let i = 0; i < count; i++) server.send('ann', null);
  return server.messages;
}
const [one] = messages(1) as [Message];
const edited = (revision: number) => ({ type: 'edited', messageId: one.id, content: `revision ${revision}`, editedAt: one.createdAt, revision }) as const;
const reacted = (userId: string) => ({ type: 'reacted', messageId: one.id, userId, emoji: '👍' }) as const;

describe('a change of a message', () => {
  it('of two edits the one with the higher revision counts, whichever comes first', () => {
    const late = applyChange(applyChange(one, edited(2), ME), edited(1), ME);
    expect(late.content).toBe('revision 2');
  });

  it('nothing brings back what is deleted', () => {
    const deleted = applyChange(one, { type: 'deleted', messageId: one.id, deletedAt: one.createdAt }, ME);
    expect(applyChange(applyChange(deleted, edited(9), ME), reacted('ann'), ME)).toBe(deleted);
    expect(mergeMessages([deleted], [one])).toEqual([deleted]);
  });

  it('a reaction told twice counts once; beyond those that are listed the numbers go on', () => {
    let message = applyChange(applyChange(one, reacted('ann'), ME), reacted('ann'), ME);
    expect(message.reactions).toEqual([{ emoji: '👍', count: 1, userIds: ['ann'], mine: false }]);
    for (let i = 0; i < 59; i++) message = applyChange(message, reacted(`user ${i}`), ME);
    message = applyChange(message, reacted(ME), ME);
    expect(message.reactions[0]).toMatchObject({ count: 61, mine: true });
    expect(message.reactions[0]?.userIds).toHaveLength(50);
    message = applyChange(message, { ...reacted(ME), type: 'unreacted' }, ME);
    expect(message.reactions[0]).toMatchObject({ count: 60, mine: false });
  });
});

describe('a room', () => {
  const run = (...events: RoomEvent[]) => events.reduce(reduce, newRoom('room', ME));
  const all = messages(9);
  const joined = (from: number): RoomEvent => ({ type: 'joined', reply: { messages: all.slice(from), latest_seq: 9, unread: 0 } });

  it('takes no page that leaves a hole', () => {
    const room = run(joined(6));
    expect(paged(room, all.slice(0, 3), false)).toBe(room);
    expect(paged(room, all.slice(2, 6), false).messages).toHaveLength(7);
  });

  it('begins anew when the conversation is another one than before: the server lost its database', () => {
    const room = run(joined(0), { type: 'joined', reply: { messages: [], latest_seq: 0, unread: 0 } });
    expect(room).toMatchObject({ messages: [], atBeginning: true, latestSeq: 0 });
  });

  it('grows no further than its bound', () => {
    const server = new ServerRoom(() => undefined);
    let room = run({ type: 'joined', reply: { messages: [], latest_seq: 0, unread: 0 } });
    for (let i = 0; i < 1_500; i++) room = reduce(room, { type: 'heard', message: server.send('ann', null) });
    expect(room.messages.length).toBeLessThanOrEqual(1_000);
    expect(room.messages.at(-1)?.seq).toBe(1_500);
    expect(room).toMatchObject({ atBeginning: false, unread: 1_500 });
    expect(reduce(room, { type: 'closed' }).messages).toHaveLength(100);
  });

  it('puts the divider before what came while nobody looked', () => {
    const attended = run({ type: 'joined', reply: { messages: all.slice(0, 8), latest_seq: 8, unread: 0 } }, { type: 'opened' }, { type: 'attended', attended: true });
    const next: RoomEvent = { type: 'heard', message: all[8] as Message };
    expect(reduce(attended, next).divider).toBeNull();
    const away = [{ type: 'attended', attended: false } as RoomEvent, next].reduce(reduce, attended);
    expect(away).toMatchObject({ divider: 8, unread: 1 });
    expect(reduce(away, { type: 'composed', clientMessageId: 'c', content: 'x', replyTo: null, createdAt: '' }).divider).toBeNull();
  });

  it('says why it cannot be joined until it can, and who types only while it can', () => {
    const refused = run(joined(0), { type: 'typing', userId: 'ann', on: true }, { type: 'refused', refusal: { reason: 'removed', final: true } });
    expect(refused).toMatchObject({ state: 'refused', typing: [], refusal: { reason: 'removed' } });
    expect(reduce(refused, joined(0))).toMatchObject({ state: 'joined', refusal: null });
  });

  it('fails, retries and discards what is not sent; a late answer of success wins', () => {
    const written = run(joined(0), { type: 'composed', clientMessageId: 'c', content: 'x', replyTo: null, createdAt: '' });
    const failed = reduce(written, { type: 'failed', clientMessageId: 'c', refusal: { reason: 'rate_limited', retryAfterMs: 900 } });
    expect(failed.outbox).toMatchObject([{ state: 'failed', refusal: { reason: 'rate_limited' } }]);
    expect(reduce(failed, { type: 'retried', clientMessageId: 'c' }).outbox).toMatchObject([{ state: 'pending', refusal: null }]);
    expect(reduce(failed, { type: 'discarded', clientMessageId: 'c' }).outbox).toEqual([]);
    const sent = reduce(failed, { type: 'acknowledged', clientMessageId: 'c', seq: 10 });
    expect(reduce(sent, { type: 'failed', clientMessageId: 'c', refusal: { reason: 'network' } }).outbox).toMatchObject([{ state: 'sent' }]);
  });
});

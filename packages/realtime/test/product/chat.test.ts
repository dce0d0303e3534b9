import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { freshRoom, joinChat, seqs } from '../support/chat.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
beforeAll(async () => {
  realtime = await startRealtime();
});
afterAll(() => realtime.stop());

/** Two users in a conversation of their own. */
async function two() {
  const room = freshRoom();
  const anna = await joinChat(realtime, 'anna', room);
  const ben = await joinChat(realtime, 'ben', room);
  return { room, anna, ben };
}

describe('messages', () => {
  it('reach everyone with rising numbers, and the sender learns of the same message', async () => {
    const { room, anna, ben } = await two();
    const attachments = [{ media_id: 'm1', size: 12 }];
    const first = await anna.send('hello', { clientMessageId: 'c1' });
    const second = await ben.send('', { type: 'image', replyTo: first.id, attachments, conversationId: room });
    expect(first).toMatchObject({ seq: 1, conversationId: room, senderId: 'anna', type: 'text', content: 'hello', replyTo: null, attachments: [], clientMessageId: 'c1' });
    expect(second).toMatchObject({ seq: 2, senderId: 'ben', type: 'image', replyTo: first.id, attachments, clientMessageId: null });
    for (const client of [anna, ben]) {
      await waitFor(() => client.all('message:new').length === 2);
      expect(client.all('message:new')).toEqual([first, second]);
    }
  });

  it('sent twice under one clientMessageId are one, told once; another sender may use the same', async () => {
    const { anna, ben } = await two();
    const [first, again] = await Promise.all([anna.send('hi', { clientMessageId: 'same' }), anna.send('hi', { clientMessageId: 'same' })]);
    expect(again).toEqual(first);
    expect(await anna.send('other words', { clientMessageId: 'same' })).toEqual(first);
    const other = await ben.send('hi', { clientMessageId: 'same' });
    expect(other.seq).toBe(2);
    await waitFor(() => anna.all('message:new').length === 2);
    expect(seqs(ben.all('message:new'))).toEqual([1, 2]);
  });

  it('are sent without waiting for one another, in order', async () => {
    const { anna, ben } = await two();
    const contents = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    await Promise.all(contents.map((content) => anna.send(content)));
    await waitFor(() => ben.all('message:new').length === 40);
    expect(ben.all('message:new').map(({ content }) => content)).toEqual(contents);
  });

  it.each([
    ['no type', { content: 'x' }, 'type'],
    ['nothing in it', { type: 'text', content: ' ' }, 'content'],
    ['1 MB', { type: 'text', content: 'x'.repeat(1_000_000) }, 'content'],
    ['NUL', { type: 'text', content: 'a\0b' }, 'content'],
    ['half a surrogate pair', { type: 'text', content: 'a\uD800b' }, 'content'],
    ['a strange replyTo', { type: 'text', content: 'x', replyTo: 'first' }, 'replyTo'],
    ['an unknown replyTo', { type: 'text', content: 'x', replyTo: '01900000-0000-7000-8000-000000000000' }, 'replyTo'],
    ['deep attachments', { type: 'text', content: 'x', attachments: [JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`)] }, 'attachments'],
    ['large attachments', { type: 'text', content: 'x', attachments: [{ a: 'x'.repeat(20_000) }] }, 'attachments'],
    ['another conversation', { type: 'text', content: 'x', conversationId: 'elsewhere' }, 'conversationId'],
  ])('with %s are refused, and the channel lives on', async (_what, payload, path) => {
    const { anna } = await two();
    await expect(anna.push('message:send', payload)).rejects.toMatchObject({ reason: 'invalid_payload', path });
    expect((await anna.send('still here')).seq).toBe(1);
  });

  it('beyond the rate are refused with the time to wait', async () => {
    const { anna } = await two();
    const outcomes = await Promise.allSettled(Array.from({ length: 80 }, (_, i) => anna.send(`message ${i}`)));
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals[0]).toEqual({ reason: 'rate_limited', retry_after_ms: expect.any(Number) });
    expect(seqs(await anna.history())).toHaveLength(Math.min(50, 80 - refusals.length));
  });
});

describe('changes of messages', () => {
  it('edits by the author reach everyone and stand in the history', async () => {
    const { anna, ben } = await two();
    const { id } = await anna.send('helo');
    expect(await anna.push('message:edit', { messageId: id, content: 'hello' })).toEqual({});
    await waitFor(() => ben.all('message:edited').length === 1);
    expect(ben.all('message:edited')[0]).toMatchObject({ messageId: id, seq: 1, content: 'hello', revision: 1 });
    expect((await ben.history())[0]).toMatchObject({ content: 'hello', revision: 1, editedAt: expect.any(String) });
    await expect(ben.push('message:edit', { messageId: id, content: 'mine' })).rejects.toEqual({ reason: 'forbidden' });
    await expect(anna.push('message:edit', { messageId: '01900000-0000-7000-8000-000000000000', content: 'x' })).rejects.toEqual({ reason: 'not_found' });
    await expect(anna.push('message:edit', { messageId: id, content: 'x'.repeat(20_000) })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'content' });
  });

  it('what is deleted leaves a tombstone; a moderator may delete, others may not', async () => {
    const { room, anna, ben } = await two();
    const service = await realtime.token('backend', { roles: ['service'] });
    const path = `/api/v1/conversations/${room}/members/mo`;
    expect(await realtime.call('PUT', path, { token: service, body: { role: 'moderator' } })).toMatchObject({ status: 200 });
    const mo = await joinChat(realtime, 'mo', room);
    const { id } = await anna.send('secret', { attachments: [{ a: 1 }] });
    await anna.push('message:edit', { messageId: id, content: 'more secret' });
    await anna.push('message:reaction:add', { messageId: id, emoji: '👍' });
    await expect(ben.push('message:delete', { messageId: id })).rejects.toEqual({ reason: 'forbidden' });
    expect(await mo.push('message:delete', { messageId: id })).toEqual({});
    await waitFor(() => ben.all('message:deleted').length === 1);
    expect(ben.all('message:deleted')[0]).toMatchObject({ messageId: id, seq: 1, userId: 'mo' });
    expect((await ben.history())[0]).toMatchObject({ id, seq: 1, content: '', attachments: [], reactions: [], deletedAt: expect.any(String) });
    for (const [event, more] of [['message:edit', { content: 'x' }], ['message:reaction:add', { emoji: '👍' }]] as const) {
      await expect(anna.push(event, { messageId: id, ...more })).rejects.toEqual({ reason: 'message_deleted' });
    }
    expect(await anna.push('message:delete', { messageId: id })).toEqual({});
    expect(ben.all('message:deleted')).toHaveLength(1);
  });

  it('reactions count once for each user, message and emoji', async () => {
    const { anna, ben } = await two();
    const { id } = await anna.send('cake?');
    for (const [client, emoji] of [[anna, '👍🏽'], [ben, '❤'], [ben, '❤️'], [ben, '👍🏽'], [ben, '👩‍👩‍👧‍👦'], [anna, '🇩🇪']] as const) {
      expect(await client.push('message:reaction:add', { messageId: id, emoji })).toEqual({});
    }
    await ben.push('message:reaction:remove', { messageId: id, emoji: '👩‍👩‍👧‍👦' });
    await ben.push('message:reaction:remove', { messageId: id, emoji: '👩‍👩‍👧‍👦' });
    await waitFor(() => anna.all('message:reaction:removed').length === 1);
    expect(anna.all('message:reaction:added').map(({ userId, emoji }) => `${userId} ${emoji}`)).toEqual(['anna 👍🏽', 'ben ❤️', 'ben 👍🏽', 'ben 👩‍👩‍👧‍👦', 'anna 🇩🇪']);
    const [message] = await ben.history();
    expect(message!.reactions).toEqual([
      { emoji: '👍🏽', count: 2, userIds: ['anna', 'ben'], mine: true },
      { emoji: '❤️', count: 1, userIds: ['ben'], mine: true },
      { emoji: '🇩🇪', count: 1, userIds: ['anna'], mine: false },
    ]);
    for (const emoji of ['a', '', '👍👍', 'lol', '<b>', '1', '\u200d']) {
      await expect(ben.push('message:reaction:add', { messageId: id, emoji })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'emoji' });
    }
  });

  it('50 different reactions are the most', async () => {
    const { anna, ben } = await two();
    const { id } = await anna.send('zoo');
    const emoji = Array.from({ length: 51 }, (_, i) => String.fromCodePoint(0x1f400 + i));
    for (const one of emoji.slice(0, 50)) await anna.push('message:reaction:add', { messageId: id, emoji: one });
    await expect(ben.push('message:reaction:add', { messageId: id, emoji: emoji[50] })).rejects.toEqual({ reason: 'too_many_reactions', allowed: 50 });
    expect(await ben.push('message:reaction:add', { messageId: id, emoji: emoji[0] })).toEqual({});
  });
});

describe('who is there', () => {
  it('typing is told to the others, and ends by stop, by sending and by leaving', async () => {
    const { room, anna, ben } = await two();
    const told = () => ben.seen.filter(({ event }) => event.startsWith('typing')).map(({ event }) => event);
    await anna.push('typing:start', {});
    await anna.push('typing:stop', { conversationId: room });
    await anna.push('typing:stop', {});
    await anna.push('typing:start', {});
    await anna.send('done');
    await anna.push('typing:start', {});
    anna.channel.leave();
    const expected = ['typing:start', 'typing:stop', 'typing:start', 'typing:stop', 'typing:start', 'typing:stop'];
    await waitFor(() => told().length === expected.length);
    expect(told()).toEqual(expected);
    expect(ben.all('typing:start')[0]).toEqual({ conversationId: room, userId: 'anna' });
    expect(anna.all('typing:start')).toEqual([]);
  });

  it('typing ends by itself', async () => {
    const { anna, ben } = await two();
    await anna.push('typing:start', {});
    await waitFor(() => ben.all('typing:stop').length === 1, { timeoutMs: 8_000 });
  });

  it('a user is online from the first device on until the last is off; presence shows each', async () => {
    const { room, anna, ben } = await two();
    await waitFor(() => anna.all('user:online').length === 1);
    expect(anna.all('user:online')).toEqual([{ userId: 'ben', lastSeenAt: expect.any(String) }]);
    const phone = await joinChat(realtime, 'ben', room);
    await waitFor(() => phone.all('presence_state').length === 1);
    expect(Object.entries<{ metas: unknown[] }>(phone.all('presence_state')[0]).map(([user, { metas }]) => [user, metas.length])).toEqual([['anna', 1], ['ben', 2]]);
    ben.socket.disconnect();
    await waitFor(() => anna.all('presence_diff').filter(({ leaves }) => leaves.ben !== undefined).length === 1);
    expect(anna.all('user:offline')).toEqual([]);
    phone.socket.disconnect();
    await waitFor(() => anna.all('user:offline').length === 1);
    expect(anna.all('user:online')).toHaveLength(1);
  });
});

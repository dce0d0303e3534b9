import { openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { silentLog } from '@armoricore/shared/kernel';
import type { Bus } from '@armoricore/shared/bus';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { freshRoom, joinChat, seqs, upTo } from '../support/chat.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let service: string;
let database: DatabaseHandle;
let bus: Bus;

beforeAll(async () => {
  realtime = await startRealtime({ CHAT_OPEN_ROOMS: 'false', CHAT_MESSAGES_PER_SECOND: '1000', CHAT_NOTIFY_DELAY_MS: '100' });
  service = await realtime.token('backend', { roles: ['service'] });
  database = openDatabase(realtime.databaseUrl, { max: 4, log: silentLog });
  bus = await openTestBus(database);
});
afterAll(async () => {
  await bus.close();
  await database.stop();
  await realtime.stop();
});

const call = (method: string, path: string, body?: unknown, token = service) => realtime.call(method, `/api/v1/conversations${path}`, { token, ...(body === undefined ? {} : { body }) });

/** A conversation that the backend made. */
async function made(conversation: object = {}): Promise<string> {
  const room = freshRoom();
  expect(await call('PUT', `/${room}`, conversation)).toMatchObject({ status: 201, body: { conversation: { conversation_id: room, latest_seq: 0 } } });
  return room;
}

const members = (...ids: string[]) => ({ members: ids.map((user_id) => ({ user_id })) });

describe('who may join', () => {
  it('members of a private conversation, and nobody else', async () => {
    const room = await made(members('anna'));
    expect((await joinChat(realtime, 'anna', room)).reply).toEqual({ messages: [], latest_seq: 0, unread: 0 });
    await expect(joinChat(realtime, 'eve', room)).rejects.toEqual({ reason: 'forbidden' });
    expect(await call('GET', `/${room}/messages`, undefined, await realtime.token('eve'))).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
  });

  it('anyone, when it is public', async () => {
    const room = await made({ public: true, title: 'Lobby' });
    await joinChat(realtime, 'eve', room);
  });

  it('who has a token that names it, also when it does not exist yet; others not', async () => {
    const room = freshRoom();
    await expect(joinChat(realtime, 'anna', room)).rejects.toEqual({ reason: 'not_found' });
    const token = await realtime.token('anna', { conversations: ['x', room] });
    await joinChat(realtime, 'anna', room, { token });
    await expect(joinChat(realtime, 'eve', room)).rejects.toEqual({ reason: 'forbidden' });
  });

  it.each(['no such', 'a/b', "a'--", 'x'.repeat(200)])('nobody under the name %s', async (name) => {
    await expect(joinChat(realtime, 'anna', name)).rejects.toMatchObject({ reason: 'not_found' });
  });

  it('with right params alone', async () => {
    const room = await made({ public: true });
    await expect(joinChat(realtime, 'anna', room, { params: { since_seq: -1 } })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'since_seq' });
    await expect(joinChat(realtime, 'anna', room, { params: { limit: 100_000 } })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'limit' });
  });
});

describe('members', () => {
  it('who is removed while joined is told why and put out, on all devices; others stay', async () => {
    const room = await made(members('anna', 'ben'));
    const [anna, phone, ben] = await Promise.all(['anna', 'anna', 'ben'].map((user) => joinChat(realtime, user, room)));
    expect(await call('DELETE', `/${room}/members/anna`)).toMatchObject({ status: 200, body: { conversation_id: room, user_id: 'anna' } });
    await waitFor(() => anna!.closed && phone!.closed && ben!.all('member:removed').length === 1);
    expect(anna!.all('member:removed')).toEqual([{ conversationId: room, userId: 'anna', reason: 'removed' }]);
    expect(ben!.closed).toBe(false);
    expect((await ben!.send('bye')).seq).toBe(1);
    await expect(joinChat(realtime, 'anna', room)).rejects.toEqual({ reason: 'forbidden' });
  });

  it('are kept by events of the backend, whichever way they come', async () => {
    const room = freshRoom();
    const change = (payload: object): BusEvent => createEvent('membership.updated', { conversation_id: room, added: [], removed: [], ...payload }, { source: 'backend' });
    const added = change({ added: ['anna', 'ben'] });
    await bus.publish(added);
    const anna = await waitFor(() => joinChat(realtime, 'anna', room));
    const token = await realtime.token('backend', { roles: ['service'] });
    const removed = change({ removed: ['anna'] });
    expect(await realtime.call('POST', '/api/v1/events', { token, body: removed })).toMatchObject({ status: 202 });
    await waitFor(() => anna.closed);
    expect(await realtime.call('POST', '/api/v1/events', { token, body: added })).toMatchObject({ status: 200 });
    await expect(joinChat(realtime, 'anna', room)).rejects.toEqual({ reason: 'forbidden' });
    await joinChat(realtime, 'ben', room);
  });

  it('are changed by services and admins alone, and that is written down', async () => {
    const room = await made();
    const anna = await realtime.token('anna');
    for (const [method, path] of [['PUT', `/${room}`], ['PUT', `/${room}/members/anna`], ['DELETE', `/${room}/members/anna`]] as const) {
      expect(await call(method, path, undefined, anna)).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
    }
    expect(await call('PUT', '/nowhere/members/anna')).toMatchObject({ status: 404, body: { reason: 'not_found' } });
    expect(await call('PUT', `/${room}/members/anna`, { role: 'king' })).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
    expect(await call('PUT', `/${room}/members/anna`, { role: 'moderator' })).toMatchObject({ status: 200, body: { member: { role: 'moderator' } } });
    const admin = await realtime.token('root', { roles: ['admin'] });
    const { body } = await realtime.call('GET', `/api/v1/audit?subject=conversation:${room}`, { token: admin });
    expect(body.audit.map(({ action }: { action: string }) => action)).toEqual(['conversation.member.put', 'conversation.put']);
  });
});

describe('what was missed', () => {
  it('is what the reply holds after since_seq; more than fits is paged back for', async () => {
    const room = await made(members('anna', 'ben'));
    const anna = await joinChat(realtime, 'anna', room);
    for (let i = 0; i < 25; i++) await Promise.all(upTo(10).map((n) => anna.send(`message ${i * 10 + n}`)));
    const since = await joinChat(realtime, 'ben', room, { params: { since_seq: 200 } });
    expect(since.reply).toMatchObject({ latest_seq: 250, unread: 250 });
    expect(seqs(since.reply.messages)).toEqual(upTo(250).slice(200));
    expect(since.reply.truncated).toBeUndefined();

    const late = await joinChat(realtime, 'ben', room, { params: { since_seq: 10 } });
    expect(late.reply.truncated).toBe(true);
    expect(seqs(late.reply.messages)).toEqual(upTo(250).slice(50));
    const before = await late.history({ before_seq: 51, limit: 40 });
    expect(seqs(before)).toEqual(upTo(50).slice(10));
    expect(await late.history({ before_seq: 1 })).toEqual([]);

    const newest = await joinChat(realtime, 'ben', room);
    expect(seqs(newest.reply.messages)).toEqual(upTo(250).slice(200));
    const ahead = await joinChat(realtime, 'ben', room, { params: { since_seq: 9_999 } });
    expect(ahead.reply).toMatchObject({ messages: [], latest_seq: 250 });
    const { body } = await call('GET', `/${room}/messages?before_seq=4&limit=2`, undefined, await realtime.token('ben'));
    expect(seqs(body.messages)).toEqual([2, 3]);
  });

  it('comes in pages that a socket can take', async () => {
    const room = await made(members('anna'));
    const anna = await joinChat(realtime, 'anna', room);
    await Promise.all(upTo(60).map(() => anna.send('é'.repeat(8_000))));
    const { reply } = await joinChat(realtime, 'anna', room, { params: { since_seq: 0 } });
    expect(reply.truncated).toBe(true);
    expect(reply.messages.at(-1)!.seq).toBe(60);
    const first = reply.messages[0]!.seq;
    expect(seqs(reply.messages)).toEqual(upTo(60).slice(first - 1));
    expect((await anna.history({ before_seq: first })).at(-1)!.seq).toBe(first - 1);
  });
});

describe('unread messages', () => {
  it('are those of others after the mark, which is told and never falls; GET /conversations lists them', async () => {
    const room = await made({ title: 'Team', ...members('anna', 'ben') });
    const anna = await joinChat(realtime, 'anna', room);
    const phone = await joinChat(realtime, 'ben', room);
    const desk = await joinChat(realtime, 'ben', room);
    const sent = await Promise.all(upTo(5).map((n) => anna.send(`${n}`)));
    const { id: own } = await desk.send('mine');
    await anna.push('message:delete', { messageId: sent[4]!.id });
    const unread = async () => (await joinChat(realtime, 'ben', room)).reply.unread;
    expect(await unread()).toBe(4);
    await phone.push('message:read', { messageId: sent[1]!.id });
    await phone.push('message:read', { messageId: sent[0]!.id });
    await waitFor(() => desk.all('message:read').length === 1 && anna.all('message:read').length === 1);
    expect(desk.all('message:read')).toEqual([{ conversationId: room, messageId: sent[1]!.id, seq: 2, userId: 'ben' }]);
    expect(phone.all('message:read')).toEqual([]);
    expect(await unread()).toBe(2);
    const { body } = await call('GET', '', undefined, await realtime.token('ben'));
    expect(body.conversations.find((one: any) => one.conversation_id === room)).toMatchObject({ title: 'Team', role: 'member', read_seq: 2, unread: 2, latest_seq: 6 });
    await desk.push('message:read', { messageId: own });
    expect(await unread()).toBe(0);
    await expect(desk.push('message:read', { messageId: '01900000-0000-7000-8000-000000000000' })).rejects.toEqual({ reason: 'not_found' });
  });

  it('are listed page by page, the latest active conversation first', async () => {
    const rooms: string[] = [];
    for (let i = 0; i < 5; i++) rooms.unshift(await made(members('lister')));
    const token = await realtime.token('lister');
    const first = await joinChat(realtime, 'lister', rooms[3]!);
    await first.send('now this is the latest');
    const expected = [rooms[3], ...rooms.filter((room) => room !== rooms[3])];
    const listed: string[] = [];
    for (let path: string | null = '?limit=2'; path !== null; ) {
      const { body } = await call('GET', path, undefined, token);
      listed.push(...body.conversations.map((one: any) => one.conversation_id));
      path = body.next === null ? null : `?limit=2&before=${encodeURIComponent(body.next)}`;
    }
    expect(listed).toEqual(expected);
    expect(await call('GET', '?before=garbage', undefined, token)).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
  });
});

describe('members', () => {
  it('are listed with what they have read, page by page, for who may join', async () => {
    const room = await made({ public: true, members: [...members('anna', 'ben').members, { user_id: 'mo', role: 'moderator' }] });
    const anna = await joinChat(realtime, 'anna', room);
    const guest = await joinChat(realtime, 'zoe', room);
    const { id } = await anna.send('Hello');
    await guest.push('message:read', { messageId: id });
    const listed: any[] = [];
    for (let path: string | null = `/${room}/members?limit=3`; path !== null; ) {
      const { status, body } = await call('GET', path, undefined, await realtime.token('eve'));
      expect(status).toBe(200);
      listed.push(...body.members);
      path = body.next === null ? null : `/${room}/members?limit=3&after=${encodeURIComponent(body.next)}`;
    }
    expect(listed.map(({ user_id, role, read_seq }) => [user_id, role, read_seq])).toEqual([['anna', 'member', 0], ['ben', 'member', 0], ['mo', 'moderator', 0], ['zoe', 'guest', 1]]);
    const closed = await made(members('anna'));
    expect(await call('GET', `/${closed}/members`, undefined, await realtime.token('eve'))).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
    expect(await call('GET', '/nowhere/members', undefined, await realtime.token('eve'))).toMatchObject({ status: 404, body: { reason: 'not_found' } });
  });
});

describe('members without a socket', () => {
  it('are asked to be notified once for all they have not read; not who is here, not who read meanwhile', async () => {
    const room = await made({ title: 'Team', ...members('anna', 'away', 'reader', 'here', 'gone') });
    const asked: BusEvent<'notification.requested'>[] = [];
    await bus.subscribe({
      group: `test-${room}`,
      types: ['notification.requested'],
      async handler(event) {
        if (event.payload.data['conversation_id'] === room) asked.push(event);
      },
    });
    const anna = await joinChat(realtime, 'anna', room);
    const here = await joinChat(realtime, 'here', freshRoom()).catch(() => null);
    expect(here).toBeNull(); // Refused, but its socket is open.
    const reader = await joinChat(realtime, 'reader', room);
    const sent = await Promise.all(['one', 'two', 'three'].map((content) => anna.send(content)));
    await reader.push('message:read', { messageId: sent[2]!.id });
    reader.socket.disconnect();
    await waitFor(() => asked.length === 2);
    await anna.send('four');
    await waitFor(() => asked.length === 5);
    const told = asked.map(({ payload: { user_id, body, title } }) => `${user_id}: ${title}, ${body}`).toSorted();
    expect(told).toEqual([
      'away: Team, 3 new messages', 'away: Team, 4 new messages', 'gone: Team, 3 new messages', 'gone: Team, 4 new messages', 'reader: Team, anna: four',
    ]);
    expect(new Set(asked.map(({ payload }) => payload.collapse_key))).toEqual(new Set([`chat:${room}`]));
  });
});

it('every message is on the bus as chat.message, once, for moderation', async () => {
  const room = await made(members('anna'));
  const seen: unknown[] = [];
  await bus.subscribe({
    group: `test-${room}`,
    types: ['chat.message'],
    async handler({ payload }) {
      if (payload.conversationId === room) seen.push(payload);
    },
  });
  const anna = await joinChat(realtime, 'anna', room);
  const sent = [await anna.send('a', { clientMessageId: 'k' }), await anna.send('b'), await anna.send('a', { clientMessageId: 'k' })];
  await waitFor(() => seen.length >= 2);
  expect(seen).toEqual(sent.slice(0, 2));
});

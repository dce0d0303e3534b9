import { openDatabase, reels, reelUpdates } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { PHOENIX_JS } from '../support/clients.ts';
import { answer, collect, connectPhoenix } from '../support/phoenix.ts';
import { decodeBatch, freshReel, joinReel, sumOf } from '../support/reel.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let service: string;
beforeAll(async () => {
  realtime = await startRealtime({ REEL_OPEN: 'true', REEL_INTERACTIONS_PER_SECOND: '10000', NODE_NAME: 'n' });
  service = await realtime.token('backend', { roles: ['service'] });
});
afterAll(() => realtime.stop());

const publish = (reel: string, body: object, token = service) => realtime.call('POST', `/api/v1/reels/${reel}/updates`, { token, body });
const listed = async (reel: string, token: string, query = '') => realtime.call('GET', `/api/v1/reels/${reel}/updates${query}`, { token });

/** Two users on a reel of their own. */
async function two(params = {}) {
  const reel = freshReel();
  const anna = await joinReel(realtime, 'anna', reel, { params });
  const ben = await joinReel(realtime, 'ben', reel, { params });
  return { reel, anna, ben };
}

describe('interactions', () => {
  it('count, are durable when answered, and reach everyone merged', async () => {
    const { reel, anna, ben } = await two();
    expect(anna.reply).toEqual({ reel_id: reel, counters: { likes: 0, comments: 0, shares: 0, views: 0, revision: 0 }, liked: false, updates: [], encoding: 'json' });
    const answers = await Promise.all([...Array.from({ length: 30 }, () => anna.push('interaction:like')), ben.push('interaction:view'), ben.push('interaction:share', { target: 'mail' })]);
    expect(answers[0]).toMatchObject({ liked: true, counters: { likes: expect.any(Number) } });
    const later = await joinReel(realtime, 'anna', reel);
    expect(later.reply).toMatchObject({ counters: { likes: 30, comments: 0, shares: 1, views: 1 }, liked: true });
    for (const client of [anna, ben]) {
      await waitFor(() => sumOf(client.updates(), 'likes') === 30 && sumOf(client.updates(), 'shares') === 1);
      expect(client.frames.length).toBeLessThan(10);
      expect(client.updates().at(-1)!.update_data['counters']).toEqual(later.reply.counters);
    }
    const [shared] = ben.updates().filter(({ update_data }) => 'share' in update_data);
    expect(shared).toMatchObject({ reel_id: reel, target_users: [], target_channel: null, update_data: { share: { user_id: 'ben', target: 'mail' } } });
  });

  it('an unlike takes one heart back from who likes the reel, and none from others', async () => {
    const { anna, ben } = await two();
    for (let i = 0; i < 3; i += 1) await anna.push('interaction:like');
    expect(await ben.push('interaction:unlike')).toMatchObject({ liked: false, counters: { likes: 3 } });
    expect(await anna.push('interaction:unlike')).toMatchObject({ liked: false, counters: { likes: 2 } });
    expect(await anna.push('interaction:unlike')).toMatchObject({ liked: false, counters: { likes: 2 } });
    expect(await anna.push('interaction:like')).toMatchObject({ liked: true, counters: { likes: 3 } });
  });

  it('sent twice under one client_interaction_id count once, also a comment; another user may use the same', async () => {
    const { reel, anna, ben } = await two();
    const id = { client_interaction_id: 'c1' };
    await Promise.all([anna.push('interaction:like', id), anna.push('interaction:like', id), ben.push('interaction:like', id)]);
    const words = { content: 'well done', client_interaction_id: 'c2' };
    const first = await ben.push('interaction:comment', words);
    expect(await ben.push('interaction:comment', words)).toEqual(first);
    expect(first).toMatchObject({ counters: { likes: 2, comments: 1 }, comment: { user_id: 'ben', content: 'well done' } });
    await waitFor(() => sumOf(anna.updates(), 'comments') === 1);
    expect(anna.updates().find(({ update_data }) => 'comment' in update_data)!.update_data['comment']).toEqual(first.comment);
    const { body } = await listed(reel, await realtime.token('anna'));
    expect(body.updates.map(({ update_data }: { update_data: object }) => update_data)).toEqual([{ comments: 1, comment: first.comment }]);
  });

  it.each([
    ['interaction:comment', {}, 'content'],
    ['interaction:comment', { content: ' ' }, 'content'],
    ['interaction:comment', { content: 'x'.repeat(501) }, 'content'],
    ['interaction:comment', { content: 'a\0b' }, 'content'],
    ['interaction:like', { client_interaction_id: '' }, 'client_interaction_id'],
    ['interaction:like', { client_interaction_id: 'x'.repeat(129) }, 'client_interaction_id'],
    ['interaction:like', { client_interaction_id: 7 }, 'client_interaction_id'],
    ['interaction:share', { target: 'a place' }, 'target'],
  ])('%s %o is refused, and the channel lives on', async (event, payload, path) => {
    const anna = await joinReel(realtime, 'anna', 'refusals');
    await expect(anna.push(event, payload)).rejects.toMatchObject({ reason: 'invalid_payload', path });
    await expect(anna.push('interaction:wave')).rejects.toMatchObject({ reason: 'unknown_event' });
    expect(await anna.push('interaction:view')).toMatchObject({ counters: { likes: 0 } });
  });

  it('Protobuf that a client sends is refused', async () => {
    const { anna } = await two();
    const garbage = Uint8Array.from([255, 0, 1, 8, 250]).buffer as unknown as object;
    await expect(anna.push('interaction:comment', garbage)).rejects.toMatchObject({ reason: 'invalid_payload' });
    await expect(anna.push('interaction:like', garbage)).rejects.toMatchObject({ reason: 'invalid_payload' });
    expect(await anna.push('interaction:like')).toMatchObject({ liked: true });
  });

  it.each(['-5', '..', 'a b', 'x'.repeat(129), 'ä', '.'])('a reel cannot be called %j', async (id) => {
    await expect(joinReel(realtime, 'anna', id)).rejects.toMatchObject({ reason: 'invalid_payload', path: 'reel_id' });
    if (id.startsWith('.')) return; // An address cannot even be written with these.
    expect((await publish(encodeURIComponent(id), { update_data: { a: 1 } })).status).toBe(422);
  });
});

describe('Protobuf', () => {
  it('pushes are bytes that the published file describes', async () => {
    const { reel, anna, ben } = await two({ encoding: 'protobuf' });
    const plain = await joinReel(realtime, 'carl', reel);
    expect([anna.reply.encoding, plain.reply.encoding]).toEqual(['protobuf', 'json']);
    await Promise.all([anna.push('interaction:like'), anna.push('interaction:like')]);
    const { body } = await publish(reel, { update_data: { title: 'süß ☃', state: { live: true }, on: false, viewers_delta: 4 }, priority: 'high' });
    await waitFor(() => ben.decoded().some(({ updateData }) => 'title' in updateData) && plain.updates().some(({ update_data }) => 'title' in update_data));
    await waitFor(() => ben.decoded().reduce((sum, { updateData }) => sum + Number(updateData['likes'] ?? 0), 0) === 2);
    expect(ben.updates()).toEqual([]);
    expect(anna.decoded()).toEqual(ben.decoded());
    const known = ben.decoded().find(({ updateData }) => 'title' in updateData)!;
    expect(known).toMatchObject({ id: body.update.id, reelId: reel, targetUsers: [], targetChannel: '', timestamp: body.update.timestamp, priority: 'PRIORITY_HIGH' });
    expect(known.updateData).toMatchObject({ title: 'süß ☃', state: '{"live":true}', on: 'false', viewers_delta: '4' });
    const totals = JSON.parse(ben.decoded().findLast(({ updateData }) => 'counters' in updateData)!.updateData['counters']!);
    expect(totals).toMatchObject({ likes: 2, comments: 0 });
    for (const bytes of ben.frames as ArrayBuffer[]) expect(bytes.byteLength).toBeLessThan(JSON.stringify(decodeBatch(bytes)).length);
  });

  it('is for sockets that take bytes: long polling and version 1 get JSON, and are told', async () => {
    const reel = freshReel();
    const { LongPoll } = (await import('phoenix')) as unknown as { LongPoll: unknown };
    const polling = await joinReel(realtime, 'anna', reel, { params: { encoding: 'protobuf' }, socket: { transport: LongPoll } });
    const binary = await joinReel(realtime, 'ben', reel, { params: { encoding: 'protobuf' } });
    const old = connectPhoenix(PHOENIX_JS[0]!.Socket, `${realtime.url}/socket`, { params: { token: await realtime.token('carl') } });
    const channel = old.channel(`reel:${reel}`, { encoding: 'protobuf' });
    const got = collect(channel, 'reel_update');
    const { encoding } = await answer(channel.join());
    expect([polling.reply.encoding, binary.reply.encoding, encoding]).toEqual(['json', 'protobuf', 'json']);
    await binary.push('interaction:like');
    await waitFor(() => sumOf(polling.updates(), 'likes') === 1 && binary.decoded().length === 1 && got[0]?.payload.update_data.likes === 1);
  });

  it('unknown encodings are refused', async () => {
    await expect(joinReel(realtime, 'anna', 'some', { params: { encoding: 'xml' } })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'encoding' });
  });

  it('a broadcast of the backend on the topic comes as JSON beside it', async () => {
    const { reel, anna } = await two({ encoding: 'protobuf' });
    const heard: unknown[] = [];
    anna.channel.on('notice', (payload) => heard.push(payload));
    await realtime.call('POST', `/api/v1/topics/reel:${reel}/broadcast`, { token: service, body: { event: 'notice', payload: { a: 1 } } });
    await waitFor(() => heard.length > 0);
    expect(heard).toEqual([{ a: 1 }]);
  });

  it('a direct socket gets the bare messages', async () => {
    const reel = freshReel();
    await publish(reel, { update_data: { a: 1 } });
    const socket = new WebSocket(`${realtime.url.replace('http', 'ws')}/ws/reel/${reel}?encoding=protobuf&token=${await realtime.token('anna')}`);
    socket.binaryType = 'arraybuffer';
    const got: unknown[] = [];
    socket.addEventListener('message', ({ data }) => got.push(data));
    await waitFor(() => socket.readyState === WebSocket.OPEN);
    await publish(reel, { update_data: { a: 2 }, priority: 'urgent' });
    await waitFor(() => got.length > 0);
    expect(decodeBatch(got[0] as ArrayBuffer)[0]).toMatchObject({ reelId: reel, updateData: { a: '2' } });
    socket.close();
  });
});

describe('what the backend publishes', () => {
  it('makes a reel, is merged in a window, listed newest first by pages, and told to joiners', async () => {
    const reel = freshReel();
    await publish(reel, { update_data: { n: 0 } });
    const anna = await joinReel(realtime, 'anna', reel);
    expect(anna.reply.updates).toMatchObject([{ update_data: { n: 0 } }]);
    const sent = await Promise.all([1, 2, 3, 4].map((n) => publish(reel, { update_data: { n, likes: n } })));
    expect(sent.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    await waitFor(() => sumOf(anna.updates(), 'likes') === 10);
    expect(anna.frames.length).toBeLessThan(4);
    const mine = await realtime.token('anna');
    const first = (await listed(reel, mine, '?limit=3')).body;
    const rest = (await listed(reel, mine, `?limit=3&before=${first.next}`)).body;
    expect([first.updates.length, rest.updates.length, rest.next]).toEqual([3, 2, null]);
    const ids = [...first.updates, ...rest.updates].map(({ id }: { id: string }) => id);
    expect(new Set(ids.slice(0, 4))).toEqual(new Set(sent.map(({ body }) => body.update.id)));
    // What it says of counters is its own: those of the server stay.
    expect((await joinReel(realtime, 'ben', reel)).reply.counters.likes).toBe(0);
  });

  it('for some users reaches their sockets alone, in both encodings, and is listed for them alone', async () => {
    const { reel, anna, ben } = await two();
    const annaToo = await joinReel(realtime, 'anna', reel, { params: { encoding: 'protobuf' } });
    const benToo = await joinReel(realtime, 'ben', reel, { params: { encoding: 'protobuf' } });
    await publish(reel, { update_data: { open: 1 } });
    const { body } = await publish(reel, { update_data: { secret: 's' }, target_users: ['carl', 'anna', 'anna'] });
    expect(body.update.target_users).toEqual(['anna', 'carl']);
    await publish(reel, { update_data: { end: 1 }, priority: 'urgent' });
    await waitFor(() => anna.updates().some(({ update_data }) => 'secret' in update_data) && annaToo.decoded().some(({ updateData }) => 'secret' in updateData));
    for (const client of [ben, benToo]) await waitFor(() => JSON.stringify([client.updates(), client.decoded()]).includes('"end"'));
    expect(anna.updates().filter(({ update_data }) => 'secret' in update_data)).toMatchObject([{ update_data: { secret: 's' }, target_users: ['anna', 'carl'] }]);
    expect(JSON.stringify([ben.updates(), benToo.decoded()])).not.toContain('secret');
    const sees = async (token: string) => JSON.stringify((await listed(reel, token)).body).includes('secret');
    expect([await sees(await realtime.token('ben')), await sees(await realtime.token('carl')), await sees(service)]).toEqual([false, true, true]);
    const late = await Promise.all(['ben', 'carl'].map((name) => joinReel(realtime, name, reel)));
    expect(late.map(({ reply }) => JSON.stringify(reply).includes('secret'))).toEqual([false, true]);
  });

  it('may go to the topic of another reel or of a user, and to no other', async () => {
    const { reel, ben } = await two();
    const elsewhere = freshReel();
    const carl = await joinReel(realtime, 'carl', elsewhere);
    const own = ben.socket.channel('user:ben');
    const heard: unknown[] = [];
    own.on('reel_update', (payload) => heard.push(payload));
    await new Promise((resolve) => own.join().receive('ok', resolve));
    await publish(reel, { update_data: { a: 1 }, target_channel: `reel:${elsewhere}` });
    await publish(reel, { update_data: { b: 1 }, target_channel: 'user:ben' });
    await waitFor(() => carl.frames.length === 1 && heard.length === 1);
    expect(carl.updates()).toMatchObject([{ reel_id: reel, target_channel: `reel:${elsewhere}`, update_data: { a: 1 } }]);
    expect(heard).toMatchObject([{ reel_id: reel, target_channel: 'user:ben', update_data: { b: 1 } }]);
    expect(ben.frames).toEqual([]);
    for (const target_channel of ['chat:x', 'system', 'reel:', 'reel:-1', 'reels.merged:x', 'user:']) {
      const { status, body } = await publish(reel, { update_data: { a: 1 }, target_channel });
      expect([target_channel, status, body.issues?.[0]?.path]).toEqual([target_channel, 422, 'target_channel']);
    }
    expect(JSON.stringify((await listed(reel, await realtime.token('carl'))).body)).not.toContain('user:ben');
  });

  it('is refused to users, and when it is wrong', async () => {
    const reel = freshReel();
    expect((await publish(reel, { update_data: { a: 1 } }, await realtime.token('anna'))).body).toMatchObject({ reason: 'forbidden' });
    for (const body of [{}, { update_data: {} }, { update_data: { likes: 'x' } }, { update_data: { counters: {} } }, { update_data: { a: 1 }, priority: 'now' }, { update_data: { a: 1 }, target_users: 'anna' }]) {
      expect([body, (await publish(reel, body)).body.reason]).toEqual([body, 'invalid_payload']);
    }
    expect((await listed(reel, await realtime.token('anna'))).body).toMatchObject({ reason: 'not_found', reel_id: reel });
  });

  it('keeps the last thousand', async () => {
    const reel = freshReel();
    await publish(reel, { update_data: { n: 0 } });
    const { db, stop } = openDatabase(realtime.databaseUrl, { max: 1, log: silentLog });
    try {
      await db.update(reels).set({ lastSeq: 1_500 }).where(eq(reels.id, reel));
      await publish(reel, { update_data: { n: 1 } });
      const rows = await db.select({ seq: reelUpdates.seq }).from(reelUpdates).where(eq(reelUpdates.reelId, reel));
      expect(rows).toEqual([{ seq: 1_501 }]);
    } finally {
      await stop();
    }
  });
});

it('metrics tell what windows and Protobuf save', async () => {
  const { anna, ben } = await two({ encoding: 'protobuf' });
  await Promise.all(Array.from({ length: 50 }, () => anna.push('interaction:like')));
  await waitFor(() => ben.decoded().reduce((sum, { updateData }) => sum + Number(updateData['likes'] ?? 0), 0) === 50);
  const text = await (await fetch(`${realtime.url}/metrics`)).text();
  const figure = (name: string): number => Number(new RegExp(`^armoricore_${name}\\{node="n"\\} (.+)$`, 'm').exec(text)?.[1]);
  expect(figure('reel_bytes_saved_total')).toBeGreaterThan(figure('reel_bytes_sent_total'));
  expect(figure('reel_frames_total')).toBeGreaterThan(0);
  expect(figure('reel_updates_merged_total')).toBeGreaterThan(40);
  expect(figure('reel_values_dropped_total')).toBe(0);
});

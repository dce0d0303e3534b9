import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { connectDevice, eventsOf, type Device, type Topic } from '../support/webrtc.ts';

let realtime: RealtimeUnderTest;
beforeAll(async () => {
  realtime = await startRealtime({ HUDDLE_GRACE_MS: '1500', HUDDLE_MAX_PARTICIPANTS: '6', CHAT_OPEN_ROOMS: 'false', CALL_REQUIRE_CONVERSATION: 'true' });
});
afterAll(() => realtime.stop());

const fresh = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;
const come = async (id: string, options: { roles?: string[] } = {}): Promise<Device> => connectDevice(realtime.url, await realtime.token(id, options));
const enter = async (id: string, topic: string, params: object = {}): Promise<Topic> => (await come(id)).join(topic, params);

async function create(wish: object = {}, creator = fresh('creator')): Promise<string> {
  const { huddleId } = await (await (await come(creator)).join('huddle:lobby')).push('huddle:create', wish);
  return `huddle:${huddleId}`;
}

/** A huddle with some in it. */
async function huddleOf(...names: string[]) {
  const topic = await create();
  const members: { id: string; device: Device; topic: Topic }[] = [];
  for (const name of names) {
    const id = fresh(name);
    const device = await come(id);
    members.push({ id, device, topic: await device.join(topic, { deviceId: `tab-of-${id}` }) });
  }
  return { topic, members, list: () => rest(topic) };
}

async function rest(topic: string, id = 'reader'): Promise<any> {
  return (await realtime.call('GET', `/api/v1/huddles/${topic.slice('huddle:'.length)}`, { token: await realtime.token(id) })).body;
}

describe('participants', () => {
  it('learn who is there, who comes, what they show and who goes', async () => {
    const topic = await create({ name: ' Stand-up ', maxParticipants: 4 }, 'maker');
    const [anna, ben] = [fresh('anna'), fresh('ben')];
    const a = await enter(anna, topic, { audio: true });
    expect(a.reply).toMatchObject({ huddle: { name: 'Stand-up', maxParticipants: 4, createdBy: 'maker', conversationId: null }, iceServers: [{ urls: ['stun:stun.l.google.com:19302'] }] });
    expect(a.reply.participants).toMatchObject([{ userId: anna, audio: true, video: false, screen: false, hand: false, connected: true }]);
    await a.push('huddle:toggle-video', { enabled: true });
    await a.push('huddle:raise-hand', { raised: true });

    const b = await enter(ben, topic);
    expect(b.reply.participants).toMatchObject([{ userId: anna, audio: true, video: true, hand: true }, { userId: ben, audio: false }]);
    expect(await waitFor(() => a.all('huddle:participant:joined')[0])).toMatchObject({ participant: { userId: ben } });
    for (const [event, payload, shown] of [
      ['huddle:toggle-audio', { enabled: true }, { audio: true }],
      ['huddle:toggle-screen', { enabled: true }, { screen: true }],
      ['huddle:raise-hand', { raised: true }, { hand: true }],
      ['huddle:raise-hand', { raised: false }, { hand: false }],
    ] as const) {
      expect(await b.push(event, payload)).toEqual({});
      await waitFor(() => {
        expect(a.all('huddle:participant:updated').at(-1)?.participant).toMatchObject({ userId: ben, ...shown });
        return true;
      });
    }
    expect(a.all('huddle:participant:updated')).toHaveLength(4);
    await b.push('huddle:toggle-audio', { enabled: true }); // It is so: nobody is told.

    expect((await rest(topic)).huddle).toMatchObject({ name: 'Stand-up', max_participants: 4, participants: [{ user_id: anna }, { user_id: ben, audio: true, screen: true }] });
    expect(await b.push('huddle:leave')).toEqual({});
    expect(await waitFor(() => a.all('huddle:participant:left')[0])).toMatchObject({ userId: ben, ref: b.reply.participants[1].ref, reason: 'left' });
    await waitFor(() => b.closed);
    const again = await enter(ben, topic);
    await again.leave();
    await waitFor(() => a.all('huddle:participant:left').length === 2);
    await a.leave();
    await waitFor(async () => (await rest(topic)).huddle.participants.length === 0);
    expect((await enter(anna, topic)).reply.participants).toHaveLength(1);
  });

  it('send signals to the one that they name, and to nobody else', async () => {
    const { topic, members } = await huddleOf('anna', 'ben', 'cleo');
    const [anna, ben, cleo] = members as [typeof members[0], typeof members[0], typeof members[0]];
    await anna.topic.push('webrtc:offer', { to: ben.id, sdp: 'v=0' });
    await ben.topic.push('webrtc:answer', { to: anna.id, sdp: 'v=0 too', from: cleo.id });
    await anna.topic.push('webrtc:ice-candidate', { to: ben.id, candidate: { candidate: 'c' } });
    expect(await waitFor(() => ben.topic.all('webrtc:offer')[0])).toEqual({ sdp: 'v=0', from: anna.id, huddleId: topic.slice(7) });
    expect(await waitFor(() => anna.topic.all('webrtc:answer')[0])).toMatchObject({ from: ben.id });
    await waitFor(() => ben.topic.all('webrtc:ice-candidate').length === 1);
    expect(eventsOf(cleo.topic)).toEqual([]);
    await expect(anna.topic.push('webrtc:offer', { to: 'eve', sdp: 'x' })).rejects.toEqual({ reason: 'not_found', to: 'eve' });
    await expect(anna.topic.push('webrtc:offer', { to: anna.id, sdp: 'x' })).rejects.toMatchObject({ reason: 'not_found' });
    await expect(anna.topic.push('webrtc:offer', { sdp: 'x' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'to' });
    await expect(anna.topic.push('webrtc:offer', { to: ben.id, sdp: 'x'.repeat(65_536) })).rejects.toMatchObject({ reason: 'invalid_payload' });
  });

  it('are no more than may be, however many come at once', async () => {
    const topic = await create({ maxParticipants: 3 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => enter(fresh(`u${n}`), topic)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refusals).toEqual(Array.from({ length: 5 }, () => ({ reason: 'huddle_full', max_participants: 3 })));
    expect((await rest(topic)).huddle.participants).toHaveLength(3);
  });
});

describe('a participant that loses its socket', () => {
  it('keeps the seat, and nobody hears that it left or joined', async () => {
    const { topic, members } = await huddleOf('anna', 'ben');
    const [anna, ben] = members as [typeof members[0], typeof members[0]];
    await ben.topic.push('huddle:raise-hand', { raised: true });
    ben.device.drop();
    await waitFor(() => anna.topic.all('huddle:participant:updated').at(-1)?.participant.connected === false);
    await expect(anna.topic.push('webrtc:offer', { to: ben.id, sdp: 'x' })).rejects.toEqual({ reason: 'peer_away', to: ben.id });
    const back = await enter(ben.id, topic, { deviceId: `tab-of-${ben.id}` });
    expect(back.reply.participants.map(({ userId, hand, connected, ref }: any) => ({ userId, hand, connected, ref }))).toEqual([
      { userId: anna.id, hand: false, connected: true, ref: anna.topic.reply.participants[0].ref },
      { userId: ben.id, hand: true, connected: true, ref: ben.topic.reply.participants[1].ref },
    ]);
    await waitFor(() => anna.topic.all('huddle:participant:updated').at(-1)?.participant.connected === true);
    expect(eventsOf(anna.topic)).not.toContain('huddle:participant:left');
    expect(anna.topic.all('huddle:participant:joined')).toHaveLength(1);
  });

  it('is gone after the grace', async () => {
    const { topic, members } = await huddleOf('anna', 'ben');
    members[1]!.device.drop();
    expect(await waitFor(() => members[0]!.topic.all('huddle:participant:left')[0])).toMatchObject({ userId: members[1]!.id, reason: 'dropped' });
    expect((await rest(topic)).huddle.participants).toHaveLength(1);
  });

  it('or joins on another device, is a new one; the first one is sent away', async () => {
    const { topic, members } = await huddleOf('anna', 'ben');
    const [anna, ben] = members as [typeof members[0], typeof members[0]];
    const second = await enter(ben.id, topic, { deviceId: 'phone' });
    expect(await waitFor(() => ben.topic.all('huddle:left')[0])).toMatchObject({ reason: 'elsewhere' });
    await waitFor(() => ben.topic.closed);
    await waitFor(() => anna.topic.all('huddle:participant:joined').length === 2);
    expect(anna.topic.all('huddle:participant:left')).toMatchObject([{ userId: ben.id, ref: ben.topic.reply.participants[1].ref, reason: 'elsewhere' }]);
    expect(second.reply.participants).toHaveLength(2);
    expect(second.reply.participants[1].ref).not.toBe(ben.topic.reply.participants[1].ref);
  });
});

/** The backend makes a conversation. */
const put = async (id: string, users: string[]) =>
  realtime.call('PUT', `/api/v1/conversations/${id}`, { token: await realtime.token('backend', { roles: ['service'] }), body: { members: users.map((user_id) => ({ user_id })) } });

describe('huddles of a conversation', () => {
  it('are for its members alone, who are sent away when they are removed from it', async () => {
    const [anna, ben, eve, room] = [fresh('anna'), fresh('ben'), fresh('eve'), fresh('room')];
    await put(room, [anna, ben]);
    const topic = await create({ conversationId: room }, anna);
    const a = await enter(anna, topic);
    const b = await enter(ben, topic);
    await expect(enter(eve, topic)).rejects.toEqual({ reason: 'forbidden' });
    await expect(create({ conversationId: room }, eve)).rejects.toEqual({ reason: 'forbidden' });
    await expect(create({ conversationId: 'no-such-room' }, eve)).rejects.toEqual({ reason: 'not_found' });
    expect(await rest(topic, eve)).toMatchObject({ reason: 'forbidden' });
    const listed = async (id: string): Promise<boolean> => {
      const { body } = await realtime.call('GET', '/api/v1/huddles?limit=100', { token: await realtime.token(id) });
      return body.huddles.some((one: any) => `huddle:${one.huddle_id}` === topic);
    };
    expect([await listed(anna), await listed(eve)]).toEqual([true, false]);
    await realtime.call('DELETE', `/api/v1/conversations/${room}/members/${ben}`, { token: await realtime.token('backend', { roles: ['service'] }) });
    expect(await waitFor(() => b.all('huddle:left')[0])).toMatchObject({ reason: 'removed' });
    await waitFor(() => a.all('huddle:participant:left').length === 1);
    await expect(enter(ben, topic)).rejects.toEqual({ reason: 'forbidden' });
  });
});

describe('huddles', () => {
  it('are listed page by page: those that somebody is in, then the newest', async () => {
    const topics: string[] = [];
    for (let i = 0; i < 4; i++) topics.unshift(await create());
    const first = await enter(fresh('anna'), topics[3]!);
    const expected = [topics[3], topics[0], topics[1], topics[2]];
    const listed: string[] = [];
    for (let query: string | null = '?limit=2'; query !== null; ) {
      const { body } = await realtime.call('GET', `/api/v1/huddles${query}`, { token: await realtime.token('reader') });
      listed.push(...body.huddles.map((one: any) => `huddle:${one.huddle_id}`));
      query = body.next === null ? null : `?limit=2&before=${body.next}`;
    }
    expect(listed.filter((topic) => expected.includes(topic))).toEqual(expected);
    await first.leave();
    expect(await realtime.call('GET', '/api/v1/huddles?before=x', { token: await realtime.token('reader') })).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
  });

  it('are ended by who made them, or an admin', async () => {
    const maker = fresh('maker');
    const topic = await create({}, maker);
    const a = await enter(fresh('anna'), topic);
    await expect(a.push('huddle:end')).rejects.toEqual({ reason: 'forbidden' });
    const m = await enter(maker, topic);
    await m.push('huddle:end');
    expect(await waitFor(() => a.all('huddle:ended')[0])).toEqual({ huddleId: topic.slice(7) });
    await waitFor(() => a.closed);
    await expect(enter(maker, topic)).rejects.toEqual({ reason: 'huddle_ended' });
    const other = await create();
    const admin = await (await come('root', { roles: ['admin'] })).join(other);
    await admin.push('huddle:end');
    expect((await rest(other)).huddle.ended_at).toEqual(expect.any(String));
    const acts = async (subject: string): Promise<unknown[]> =>
      (await realtime.call('GET', `/api/v1/audit?subject=${encodeURIComponent(subject)}`, { token: await realtime.token('root', { roles: ['admin'] }) })).body.audit;
    expect(await acts(other)).toMatchObject([{ action: 'huddle.end', actor: expect.stringMatching(/^root/), remote_address: '127.0.0.1' }]);
    expect(await acts(topic)).toEqual([]);
  });

  it('that are none, and wishes that cannot be met, are refused', async () => {
    await expect(enter('anna', 'huddle:0190aaaa-0000-7000-8000-000000000000')).rejects.toEqual({ reason: 'not_found' });
    await expect(enter('anna', 'huddle:x')).rejects.toEqual({ reason: 'not_found' });
    for (const wish of [{ maxParticipants: 7 }, { maxParticipants: 1 }, { name: '  ' }, { name: 'x'.repeat(129) }, { conversationId: 'a b' }]) {
      await expect(create(wish)).rejects.toMatchObject({ reason: 'invalid_payload' });
    }
    const topic = await create();
    const a = await enter(fresh('anna'), topic);
    await expect(a.push('huddle:toggle-audio', { enabled: 'yes' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'enabled' });
  });
});

it('calls are for those who share a conversation, when that is asked for', async () => {
  const [anna, ben, eve] = [fresh('anna'), fresh('ben'), fresh('eve')];
  await put(fresh('room'), [anna, ben]);
  const callBen = async (id: string) => (await enter(id, 'webrtc:lobby')).push('call:initiate', { calleeId: ben, type: 'audio' });
  await expect(callBen(eve)).rejects.toEqual({ reason: 'forbidden' });
  expect(await callBen(anna)).toMatchObject({ role: 'caller' });
});

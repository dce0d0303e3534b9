import type { Bus } from '@armoricore/shared/bus';
import { openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import type { BusEvent } from '@armoricore/shared/events';
import { silentLog } from '@armoricore/shared/kernel';
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { callers, endOf, freshUser } from '../support/calls.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { eventsOf } from '../support/webrtc.ts';

const TURN_SECRET = 'shared-with-coturn';

let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
let bus: Bus;
const asked: BusEvent<'notification.requested'>[] = [];

beforeAll(async () => {
  realtime = await startRealtime({
    CALL_GRACE_MS: '1500',
    CALL_RING_MS: '5000',
    STUN_SERVER_URL: 'stun:stun.example.com:3478',
    TURN_SERVER_URL: 'turn:turn.example.com:3478?transport=udp,turns:turn.example.com:5349',
    TURN_SECRET,
    TURN_TTL_S: '600',
  });
  database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
  bus = await openTestBus(database);
  await bus.subscribe({ group: 'test', types: ['notification.requested'], handler: async (event) => void asked.push(event) });
});
afterAll(async () => {
  await bus.close();
  await database.stop();
  await realtime.stop();
});

const { come, pair, ring, connect } = callers(() => realtime);
const log = async (id: string, query = '') => (await realtime.call('GET', `/api/v1/calls${query}`, { token: await realtime.token(id) })).body;
const noticesOf = (id: string) => asked.filter(({ payload }) => payload.user_id === id).map(({ payload }) => payload);

describe('a call', () => {
  it('rings on all devices of the callee, is answered, carries signals both ways and ends for both', async () => {
    const [anna, ben] = await pair();
    const tablet = await come(ben.id);
    const { callId, role, iceServers } = await anna.lobby.push('call:initiate', { calleeId: ben.id, type: 'video' });
    expect(role).toBe('caller');
    expect(iceServers).toHaveLength(2);
    expect(iceServers[0]).toEqual({ urls: ['stun:stun.example.com:3478'] });
    const { urls, username, credential } = iceServers[1];
    expect(urls).toEqual(['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349']);
    const [expires, whose] = username.split(':');
    expect([Math.abs(Number(expires) - (Date.now() / 1_000 + 600)) < 10, whose]).toEqual([true, anna.id]);
    expect(credential).toBe(createHmac('sha1', TURN_SECRET).update(username).digest('base64'));

    const incoming = await Promise.all([ben, tablet].map(({ own }) => waitFor(() => own.all('call:incoming')[0])));
    expect(incoming[0]).toEqual(incoming[1]);
    expect(incoming[0]).toMatchObject({ callId, callerId: anna.id, calleeId: ben.id, type: 'video' });
    expect(Date.parse(incoming[0].expiresAt) - Date.parse(incoming[0].createdAt)).toBe(5_000);

    const a = await anna.join(`webrtc:${callId}`);
    const b = await ben.join(`webrtc:${callId}`);
    const t = await tablet.join(`webrtc:${callId}`);
    expect(b.reply).toMatchObject({ callId, state: 'ringing', role: 'callee', callerId: anna.id, peerConnected: true, answeredAt: null, iceServers: [{}, {}] });
    expect((await ben.join('webrtc:lobby')).reply.call).toMatchObject({ callId, state: 'ringing', role: 'callee' });

    await b.push('call:answer');
    expect(await b.push('call:answer')).toEqual({}); // The reply was lost: asked again.
    expect(await waitFor(() => a.all('call:answered')[0])).toMatchObject({ callId, calleeId: ben.id });
    expect(await endOf(t)).toEqual({ callId, reason: 'answered_elsewhere', endedBy: null });
    expect(await endOf(tablet.own)).toEqual({ callId, reason: 'answered_elsewhere', endedBy: null });
    await waitFor(() => t.closed);
    await expect(tablet.join(`webrtc:${callId}`)).rejects.toEqual({ reason: 'answered_elsewhere' });

    await a.push('webrtc:offer', { sdp: { type: 'offer', sdp: 'v=0' } });
    expect(await waitFor(() => b.all('webrtc:offer')[0])).toEqual({ sdp: { type: 'offer', sdp: 'v=0' }, callId, from: anna.id });
    await b.push('webrtc:answer', { sdp: 'v=0 too', from: 'somebody else' });
    expect(await waitFor(() => a.all('webrtc:answer')[0])).toEqual({ sdp: 'v=0 too', callId, from: ben.id });
    await b.push('webrtc:ice-candidate', { candidate: { candidate: 'candidate:1', sdpMid: '0' } });
    await waitFor(() => a.all('webrtc:ice-candidate').length === 1);

    await b.push('call:end');
    expect(await b.push('call:end')).toEqual({});
    expect(await endOf(a)).toEqual({ callId, reason: 'hangup', endedBy: ben.id });
    await endOf(b);
    expect([a, b, t].map((topic) => topic.all('call:ended').length)).toEqual([1, 1, 1]);
    expect([eventsOf(b), ben.own.all('call:ended')]).toEqual([['webrtc:offer', 'call:ended'], []]);
    for (const [id, direction] of [[anna.id, 'outgoing'], [ben.id, 'incoming']] as const) {
      const { calls, next } = await log(id);
      expect(next).toBeNull();
      expect(calls).toEqual([expect.objectContaining({ call_id: callId, direction, state: 'ended', reason: 'hangup', ended_by: ben.id, duration_ms: expect.any(Number) })]);
    }
    expect(noticesOf(ben.id)).toEqual([]);
  });

  it('keeps what the caller sends before the answer for the device that answers', async () => {
    const [anna, ben] = await pair();
    const { a, b } = await ring(anna, ben);
    await a.push('webrtc:offer', { sdp: 'old' });
    await a.push('webrtc:ice-candidate', { candidate: 'one' });
    await a.push('webrtc:offer', { sdp: 'new' });
    await expect(b.push('webrtc:answer', { sdp: 'too early' })).rejects.toEqual({ reason: 'call_not_answered' });
    expect(eventsOf(b)).toEqual([]);
    await b.push('call:answer');
    await waitFor(() => b.seen.length === 2);
    expect(b.seen.map(({ payload }) => payload.candidate ?? payload.sdp)).toEqual(['one', 'new']);
  });

  it('that is rejected is told to the caller, and to the other devices of the callee', async () => {
    const [anna, ben] = await pair();
    const tablet = await come(ben.id);
    const { callId, a, b } = await ring(anna, ben);
    await b.push('call:reject');
    await endOf(a);
    expect(a.seen).toEqual([
      { event: 'call:rejected', payload: { callId, calleeId: ben.id } },
      { event: 'call:ended', payload: { callId, reason: 'rejected', endedBy: ben.id } },
    ]);
    expect(await endOf(tablet.own)).toMatchObject({ reason: 'rejected' });
    await expect(b.push('call:answer')).rejects.toEqual({ reason: 'call_ended', ended: 'rejected' });
    await expect(a.push('webrtc:offer', { sdp: 'v=0' })).rejects.toEqual({ reason: 'call_ended', ended: 'rejected' });
    await expect(anna.join(`webrtc:${callId}`)).rejects.toEqual({ reason: 'call_ended', ended: 'rejected' });
  });

  it('that is cancelled, by an end or by leaving, stops ringing and is a missed one', async () => {
    const [anna, ben] = await pair();
    const first = await ring(anna, ben);
    await first.a.push('call:end');
    expect(await endOf(first.b)).toEqual({ callId: first.callId, reason: 'cancelled', endedBy: anna.id });
    expect(await endOf(ben.own)).toEqual({ callId: first.callId, reason: 'cancelled', endedBy: anna.id });
    const second = await ring(anna, ben);
    await second.a.leave();
    expect(await endOf(second.b)).toMatchObject({ reason: 'cancelled' });
    await waitFor(() => noticesOf(ben.id).length === 2);
    expect(noticesOf(ben.id)[0]).toMatchObject({
      priority: 'high', category: 'calls', title: 'Missed video call', collapse_key: `call:${first.callId}`,
      data: { type: 'call', event: 'missed', voip: true, call_id: first.callId, caller_id: anna.id, reason: 'cancelled' },
    });
  });

  it('that nobody answers is missed; a callee without a socket gets a push that rings', async () => {
    const anna = await come(freshUser('anna'));
    const away = freshUser('away');
    const { callId } = await anna.lobby.push('call:initiate', { calleeId: away, type: 'audio' });
    const a = await anna.join(`webrtc:${callId}`);
    const push = await waitFor(() => noticesOf(away)[0]);
    expect(push).toMatchObject({ kind: 'voip', urgent: true, priority: 'high', collapse_key: `call:${callId}`, data: { type: 'call', event: 'incoming', call_id: callId, caller_id: anna.id, call_type: 'audio' } });
    const late = await come(away);
    expect(await waitFor(() => late.own.all('call:incoming')[0])).toMatchObject({ callId });
    expect(await endOf(a)).toEqual({ callId, reason: 'missed', endedBy: null });
    await waitFor(() => noticesOf(away).length === 2);
    expect(noticesOf(away)[1]).toMatchObject({ title: 'Missed audio call', data: { event: 'missed', reason: 'missed' } });
  });

  it('by both at once becomes one call', async () => {
    for (let i = 0; i < 5; i++) {
      const [anna, ben] = await pair();
      const [first, second] = await Promise.all([
        anna.lobby.push('call:initiate', { calleeId: ben.id, type: 'audio' }),
        ben.lobby.push('call:initiate', { calleeId: anna.id, type: 'audio' }),
      ]);
      expect(first.callId).toBe(second.callId);
      expect(new Set([first.role, second.role])).toEqual(new Set(['callee', 'caller']));
      const a = await anna.join(`webrtc:${first.callId}`);
      await a.push('webrtc:offer', { sdp: 'early' });
      const b = await ben.join(`webrtc:${first.callId}`);
      expect([a.reply.state, b.reply.state]).toEqual(['active', 'active']);
      await waitFor(() => b.all('webrtc:offer').length === 1);
      await a.push('call:end');
      await endOf(b);
    }
  });

  it('to somebody who is in another call is refused, logged and told him later; nobody calls twice or himself', async () => {
    const [anna, ben] = await pair();
    const cleo = await come(freshUser('cleo'));
    const { callId, a } = await connect(anna, ben);
    await expect(cleo.lobby.push('call:initiate', { calleeId: ben.id, type: 'audio' })).rejects.toMatchObject({ reason: 'busy' });
    expect((await log(cleo.id)).calls).toMatchObject([{ reason: 'busy', state: 'ended', callee_id: ben.id }]);
    await waitFor(() => noticesOf(ben.id).length === 1);
    await expect(anna.lobby.push('call:initiate', { calleeId: cleo.id, type: 'audio' })).rejects.toEqual({ reason: 'already_in_call', callId });
    expect(await anna.lobby.push('call:initiate', { calleeId: ben.id, type: 'audio' })).toMatchObject({ callId });
    await expect(cleo.lobby.push('call:initiate', { calleeId: cleo.id, type: 'audio' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'calleeId' });
    await expect(cleo.lobby.push('call:initiate', { calleeId: ben.id, type: 'smell' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'type' });
    await a.push('call:end');
    expect(await cleo.lobby.push('call:initiate', { calleeId: ben.id, type: 'audio' })).toMatchObject({ role: 'caller' });
  });
});

it('the log is read page by page, the newest first', async () => {
  const [anna, ben] = await pair();
  const made: string[] = [];
  for (let i = 0; i < 5; i++) {
    const { callId, b } = await ring(anna, ben);
    await b.push('call:reject');
    made.unshift(callId);
  }
  const listed: string[] = [];
  for (let query: string | null = '?limit=2'; query !== null; ) {
    const page = await log(anna.id, query);
    listed.push(...page.calls.map((one: any) => one.call_id));
    query = page.next === null ? null : `?limit=2&after=${page.next}`;
  }
  expect(listed).toEqual(made);
});

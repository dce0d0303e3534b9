import { callParties, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { and, eq, gt } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { callers, endOf, freshUser } from '../support/calls.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

const GRACE_MS = 1_500;

let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
beforeAll(async () => {
  realtime = await startRealtime({ CALL_GRACE_MS: String(GRACE_MS) });
  database = openDatabase(realtime.databaseUrl, { max: 1, log: silentLog });
});
afterAll(async () => {
  await database.stop();
  await realtime.stop();
});

const { come, pair, ring, connect } = callers(() => realtime);

describe('a device that loses its socket', () => {
  it('has the grace to come back; the other one learns of both', async () => {
    const [anna, ben] = await pair();
    const { callId, topic, a, b } = await connect(anna, ben, { ben: { deviceId: 'tab-1' } });
    ben.drop();
    expect(await waitFor(() => a.all('call:reconnecting')[0])).toMatchObject({ callId, userId: ben.id });
    await expect(a.push('webrtc:offer', { sdp: 'x' })).rejects.toEqual({ reason: 'peer_away' });
    const again = await (await come(ben.id)).join(topic, { deviceId: 'tab-1' });
    expect(again.reply).toMatchObject({ callId, state: 'active', peerConnected: true });
    expect(await waitFor(() => a.all('call:reconnected')[0])).toEqual({ callId, userId: ben.id, fresh: false });
    await a.push('webrtc:offer', { sdp: 'restart' });
    await waitFor(() => again.all('webrtc:offer').length === 1);
    expect(b.seen).toEqual([]);
    // Renewed again and again, so that it lasts for longer than any grace.
    const far = new Date(Date.now() + 3 * GRACE_MS);
    const renewed = () => database.db.select().from(callParties).where(and(eq(callParties.callId, callId), gt(callParties.until, far)));
    await waitFor(async () => (await renewed()).length === 2);
    expect(a.all('call:ended')).toEqual([]);
    await again.push('call:end');
    await endOf(a);
  });

  it('takes its place back though the old socket still looks alive, and the old one is told so', async () => {
    const [anna, ben] = await pair();
    const { topic, a, b } = await connect(anna, ben, { ben: { deviceId: 'tab-1' } });
    const twin = await (await come(ben.id)).join(topic, { deviceId: 'tab-1' });
    expect(await endOf(b)).toMatchObject({ reason: 'answered_elsewhere' });
    expect(a.all('call:ended')).toEqual([]);
    await twin.push('webrtc:offer', { sdp: 'mine' });
    await waitFor(() => a.all('webrtc:offer').length === 1);
    await expect((await come(ben.id)).join(topic, { deviceId: 'tab-2' })).rejects.toEqual({ reason: 'answered_elsewhere' });
  });

  it('for good ends the call, and both can call again', async () => {
    const [anna, ben] = await pair();
    const { callId, a } = await connect(anna, ben);
    ben.drop();
    expect(await endOf(a)).toEqual({ callId, reason: 'dropped', endedBy: ben.id });
    const back = await come(ben.id);
    expect(back.lobby.reply).toEqual({ call: null });
    expect(await back.lobby.push('call:initiate', { calleeId: anna.id, type: 'audio' })).toMatchObject({ role: 'caller' });
  });

  it('before it was answered ends the ringing', async () => {
    const [anna, ben] = await pair();
    const { b } = await ring(anna, ben);
    anna.drop();
    expect(await endOf(b)).toMatchObject({ reason: 'dropped', endedBy: anna.id });
  });
});

describe('what is refused', () => {
  it('strangers: to join, to answer, to send; and calls that are none', async () => {
    const [anna, ben] = await pair();
    const { topic, callId, a, b } = await connect(anna, ben);
    const eve = await come(freshUser('eve'));
    await expect(eve.join(topic)).rejects.toEqual({ reason: 'forbidden' });
    await expect(eve.lobby.push('webrtc:offer', { callId, sdp: 'x' })).rejects.toEqual({ reason: 'unknown_event' });
    await expect(eve.join('webrtc:0190aaaa-0000-7000-8000-000000000000')).rejects.toEqual({ reason: 'not_found' });
    await expect(eve.join("webrtc:1'; DROP TABLE calls")).rejects.toEqual({ reason: 'not_found' });
    await expect(a.push('call:answer')).rejects.toEqual({ reason: 'forbidden' });
    await expect(b.push('call:answer', { callId: 'another' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'callId' });
    expect(await realtime.call('GET', `/api/v1/calls?user_id=${anna.id}`, { token: await realtime.token(eve.id) })).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
    const admin = await realtime.token('root', { roles: ['admin'] });
    expect((await realtime.call('GET', `/api/v1/calls?user_id=${anna.id}`, { token: admin })).body.calls).toHaveLength(1);
  });

  it('descriptions of 64 KB and floods of candidates; the call lives on', async () => {
    const [anna, ben] = await pair();
    const { a, b } = await connect(anna, ben);
    await expect(a.push('webrtc:offer', { sdp: 'x'.repeat(64 * 1024) })).rejects.toMatchObject({ reason: 'invalid_payload' });
    await a.push('webrtc:offer', { sdp: 'x'.repeat(60 * 1024) });
    await waitFor(() => b.all('webrtc:offer').length === 1);
    await expect(a.push('webrtc:ice-candidate', { candidate: 'x'.repeat(5_000) })).rejects.toMatchObject({ reason: 'invalid_payload' });
    const sent = await Promise.allSettled(Array.from({ length: 1_000 }, (_, n) => a.push('webrtc:ice-candidate', { candidate: String(n) })));
    const refused = sent.filter((one) => one.status === 'rejected').map(({ reason }) => reason.reason);
    expect(new Set(refused)).toEqual(new Set(['rate_limited']));
    expect(refused.length).toBeLessThan(900);
    await waitFor(() => b.all('webrtc:ice-candidate').length === 1_000 - refused.length);
    expect(a.closed).toBe(false);
    await b.push('call:end');
    await endOf(a);
  });
});

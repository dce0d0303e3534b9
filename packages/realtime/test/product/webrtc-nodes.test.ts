import { silentLog } from '@armoricore/shared/kernel';
import { openDatabase } from '@armoricore/shared/db';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createIceServers } from '../../src/adapters/ice-servers.ts';
import { issueToken } from '../../src/auth/tokens.ts';
import { startRealtimeProcess } from '../support/realtime-process.ts';
import { connectDevice } from '../support/webrtc.ts';

const JWT_SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';
const GRACE_MS = 3_000;

/** Two processes on one database, and devices on either. */
async function twoNodes() {
  const { url: DATABASE_URL, drop } = await createTestDatabase();
  onTestFinished(drop);
  const env = { DATABASE_URL, JWT_SECRET, CALL_GRACE_MS: String(GRACE_MS), HUDDLE_GRACE_MS: String(GRACE_MS) };
  const nodes = await Promise.all([startRealtimeProcess(env), startRealtimeProcess(env)]);
  const come = async (node: 0 | 1, userId: string) => connectDevice(nodes[node]!.url, await issueToken({ secret: JWT_SECRET }, { userId, ttlS: 60 }));
  return { nodes, come, DATABASE_URL };
}

describe('two nodes, one of which is killed', () => {
  it('carry a call and a huddle; who comes back elsewhere goes on, who does not is gone after the grace', async () => {
    const { nodes, come, DATABASE_URL } = await twoNodes();
    const [anna, ben] = [await come(0, 'anna'), await come(1, 'ben')];
    const ringing = await ben.join('user:ben');
    const { callId } = await (await anna.join('webrtc:lobby')).push('call:initiate', { calleeId: 'ben', type: 'audio' });
    await waitFor(() => ringing.all('call:incoming').length === 1);
    const topic = `webrtc:${callId}`;
    const a = await anna.join(topic, { deviceId: 'tab' });
    const b = await ben.join(topic);
    await b.push('call:answer');
    await waitFor(() => a.all('call:answered').length === 1);
    await a.push('webrtc:offer', { sdp: 'over the cluster' });
    await waitFor(() => b.all('webrtc:offer').length === 1);

    const { huddleId } = await (await ben.join('huddle:lobby')).push('huddle:create', { maxParticipants: 2 });
    const room = `huddle:${huddleId}`;
    const inHuddle = await (await come(1, 'dora')).join(room);
    const other = await (await come(0, 'cleo')).join(room);
    await waitFor(() => inHuddle.all('huddle:participant:joined').length === 1);
    await other.push('webrtc:offer', { to: 'dora', sdp: 'x' });
    await waitFor(() => inHuddle.all('webrtc:offer').length === 1);
    await expect((await come(1, 'eve')).join(room)).rejects.toEqual({ reason: 'huddle_full', max_participants: 2 });

    await nodes[0]!.end('SIGKILL');
    const killed = performance.now();
    const back = await (await come(1, 'anna')).join(topic, { deviceId: 'tab' });
    expect(back.reply).toMatchObject({ state: 'active', role: 'caller', peerConnected: true });
    expect(await waitFor(() => b.all('call:reconnected')[0])).toMatchObject({ userId: 'anna', fresh: false });
    await b.push('webrtc:answer', { sdp: 'to the new socket' });
    await waitFor(() => back.all('webrtc:answer').length === 1);

    expect(await waitFor(() => inHuddle.all('huddle:participant:left')[0], { timeoutMs: 20_000 })).toMatchObject({ userId: 'cleo' });
    console.warn(`the seat was free ${Math.round(performance.now() - killed)} ms after kill -9 with a grace of ${GRACE_MS} ms`);
    await (await come(1, 'eve')).join(room);

    // The other party's node goes, too: nobody is left, and nothing but the database knows of the call.
    await nodes[1]!.end('SIGKILL');
    const third = await startRealtimeProcess({ DATABASE_URL, JWT_SECRET, CALL_GRACE_MS: String(GRACE_MS), HUDDLE_GRACE_MS: String(GRACE_MS) });
    const database = openDatabase(DATABASE_URL, { max: 1, log: silentLog });
    onTestFinished(() => database.stop());
    const calls = async () => (await database.pool.query('SELECT state, reason FROM calls')).rows;
    await waitFor(async () => (await calls())[0].state === 'ended', { timeoutMs: 20_000 });
    expect(await calls()).toEqual([{ state: 'ended', reason: 'dropped' }]);
    await waitFor(async () => (await database.pool.query('SELECT FROM huddle_participants')).rowCount === 0);
    expect(await third.end('SIGTERM')).toBe(0);
  }, 60_000);
});

describe('ICE servers', () => {
  const config = { STUN_SERVER_URL: 'stun:a:1,stun:b:2', TURN_SERVER_URL: undefined, TURN_SECRET: undefined, TURN_TTL_S: 600, TURN_USERNAME: undefined, TURN_CREDENTIAL: undefined };
  const rest = { CALL_RING_MS: 1, CALL_GRACE_MS: 1, CALL_REQUIRE_CONVERSATION: false, HUDDLE_GRACE_MS: 1, HUDDLE_MAX_PARTICIPANTS: 2 };
  const serversOf = (change: object) => createIceServers({ ...config, ...rest, ...change }, () => 1_700_000_000_000)('anna');

  it('are STUN alone, with a fixed login, or with one that ends (HMAC-SHA1 of its end and the user)', () => {
    expect(serversOf({})).toEqual([{ urls: ['stun:a:1', 'stun:b:2'] }]);
    const TURN_SERVER_URL = 'turn:t:3478';
    expect(serversOf({ TURN_SERVER_URL, TURN_USERNAME: 'name', TURN_CREDENTIAL: 'word' })[1]).toEqual({ urls: ['turn:t:3478'], username: 'name', credential: 'word' });
    // printf '1700000600:anna' | openssl dgst -sha1 -hmac north -binary | base64
    expect(serversOf({ TURN_SERVER_URL, TURN_SECRET: 'north' })[1]).toEqual({ urls: ['turn:t:3478'], username: '1700000600:anna', credential: 'QArDp18zdKr4CT8tvpVplSgsreQ=' });
  });

  it('with TURN and no login stop the start', async () => {
    expect(() => serversOf({ TURN_SERVER_URL: 'turn:t:3478' })).toThrow(/TURN_SERVER_URL: has no credentials; needed: TURN_SECRET, or/);
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', JWT_SECRET };
    await expect(startRealtimeProcess({ ...env, TURN_SERVER_URL: 'http://turn' })).rejects.toThrow(/TURN_SERVER_URL: is "http:\/\/turn"; needed: a text that matches/);
  });
});

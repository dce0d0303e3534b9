import { openDatabase } from '@armoricore/shared/db';
import { silentLog } from '@armoricore/shared/kernel';
import { createKeyStore, readMasterKey } from '@armoricore/shared/keys';
import { exportSPKI } from 'jose';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Socket } from 'phoenix';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { freshName } from '../../../../test/support/services/fresh.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { issueToken } from '../../src/auth/tokens.ts';
import { answer, collect, connectPhoenix, type PhoenixSocket } from '../support/phoenix.ts';
import { startRealtimeProcess } from '../support/realtime-process.ts';
import { signBy, signingKey, startIssuer } from '../support/tokens.ts';

const JWT_SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';
const AnySocket = Socket as unknown as new (url: string, options: object) => PhoenixSocket;

async function database(): Promise<string> {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  return url;
}

async function call(url: string, path: string, token: string, body?: object): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/api/v1${path}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
  await response.body?.cancel();
  return response.status;
}

describe('two processes', () => {
  it.each([
    ['PostgreSQL', () => ({})],
    ['Redis', () => ({ PUBSUB_URL: inject('redisUrl'), BUS_NAMESPACE: freshName('t').slice(0, 30) })],
    ['NATS', () => ({ PUBSUB_URL: inject('natsUrl'), BUS_NAMESPACE: freshName('t').slice(0, 30) })],
  ])('share broadcasts and revocations over %s', async (_name, env) => {
    const common = { DATABASE_URL: await database(), JWT_SECRET, ...env() };
    const [one, two] = await Promise.all([startRealtimeProcess(common), startRealtimeProcess(common)]);
    const token = (userId: string, roles?: string[]) => issueToken({ secret: JWT_SECRET }, { userId, ttlS: 60, ...(roles === undefined ? {} : { roles }) });
    const backend = await token('backend', ['service']);
    const socket = connectPhoenix(AnySocket, `${two.url}/socket`, { params: { token: await token('anna') }, reconnectAfterMs: () => 3_600_000 });
    const closed = new Promise<void>((resolve) => (socket as unknown as Socket).onClose(() => resolve()));
    const own = socket.channel('user:anna');
    const heard = collect(own, 'user_activity');
    await answer(own.join());
    expect(await call(one.url, '/topics/user:anna/broadcast', backend, { event: 'user_activity', payload: { n: 1 } })).toBe(202);
    await waitFor(() => heard.length === 1);
    const start = performance.now();
    expect(await call(one.url, '/users/anna/revoke', backend, {})).toBe(200);
    await closed;
    console.warn(`the socket of the other process was closed ${Math.round(performance.now() - start)} ms after the call began`);
    expect(await Promise.all([one, two].map((process) => process.end('SIGTERM')))).toEqual([0, 0]);
  });
});

describe('keys of tokens', () => {
  it('come from the key store, and a new one is known while the process runs', async () => {
    const DATABASE_URL = await database();
    const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');
    const handle = openDatabase(DATABASE_URL, { max: 1, log: silentLog });
    onTestFinished(() => handle.stop());
    const store = createKeyStore(handle.db, readMasterKey(MASTER_KEY), 'test');
    await store.add('JWT_SECRET', JWT_SECRET);
    const { url, output } = await startRealtimeProcess({ DATABASE_URL, MASTER_KEY });
    const old = await issueToken({ secret: JWT_SECRET }, { userId: 'anna', ttlS: 600 });
    expect(await call(url, '/media', old)).toBe(200);
    const secret = 'the-next-secret-of-the-tests-with-32-characters';
    await store.rotate('JWT_SECRET', secret);
    const next = await issueToken({ secret }, { userId: 'anna', ttlS: 600 });
    await waitFor(async () => (await call(url, '/media', next)) === 200, { timeoutMs: 20_000 });
    expect(await call(url, '/media', old)).toBe(200);
    expect(output()).not.toContain(secret);
  });

  it('may be a public key in a file beside a JWKS, without a secret', async () => {
    const [inFile, published] = [await signingKey('RS256', 'file'), await signingKey('ES256', 'web')];
    const dir = await mkdtemp(join(tmpdir(), 'armoricore-pem-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    await writeFile(join(dir, 'key.pem'), await exportSPKI(inFile.publicKey));
    const issuer = await startIssuer([published.jwk]);
    const { url } = await startRealtimeProcess({ DATABASE_URL: await database(), JWT_PUBLIC_KEY: `@${join(dir, 'key.pem')}`, JWKS_URL: issuer.url });
    expect(await call(url, '/media', await signBy(inFile))).toBe(200);
    expect(await call(url, '/media', await signBy(published))).toBe(200);
    expect(await call(url, '/media', await issueToken({ secret: JWT_SECRET }, { userId: 'anna', ttlS: 60 }))).toBe(401);
    issuer.server.closeAllConnections();
    issuer.server.close();
    expect(await call(url, '/media', await signBy(published))).toBe(200);
  });

  it.each([
    ['none at all', {}, /JWT_SECRET: is not set, nor in the key store/],
    ['a public key that is none', { JWT_PUBLIC_KEY: 'x' }, /JWT_PUBLIC_KEY: this is no public key/],
    ['a file that is not there', { JWT_PUBLIC_KEY: '@/nowhere/key.pem' }, /JWT_PUBLIC_KEY: ENOENT/],
    ['a JWKS over an open network', { JWKS_URL: 'http://issuer.example/jwks' }, /JWKS_URL: is "http:\/\/issuer.example\/jwks"; needed: https:\/\//],
    ['a master key that is none', { JWT_SECRET, MASTER_KEY: 'x' }, /MASTER_KEY: a master key is the base64 of 32/],
  ])('stop the start when there is %s', async (_what, env, fault) => {
    await expect(startRealtimeProcess({ DATABASE_URL: await database(), ...env })).rejects.toThrow(fault);
  });
});

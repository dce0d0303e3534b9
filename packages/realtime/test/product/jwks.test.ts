import { silentLog } from '@armoricore/shared/kernel';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { createJwks, type JwksOptions } from '../../src/auth/jwks.ts';
import { secretKeys } from '../../src/auth/keys.ts';
import { createTokenVerifier, issueToken } from '../../src/auth/tokens.ts';
import { signBy, signingKey, startIssuer, type SigningKey } from '../support/tokens.ts';

const unauthorized = { code: 'unauthorized' };
const unavailable = { code: 'unavailable', details: { service: 'jwks' } };
const noWait = { cooldownMs: 0, retryMs: 0 };

/** An issuer with keys, and a verifier that trusts it. */
async function trusting(keys: SigningKey[], options: Partial<JwksOptions> = {}) {
  const issuer = await startIssuer(keys.map(({ jwk }) => jwk));
  const jwks = createJwks(issuer.url, { log: silentLog, ...options });
  return { issuer, verify: createTokenVerifier({ keys: [jwks] }), jwks };
}

describe('JWKS', () => {
  it('takes RS256, ES256 and EdDSA by their kid, with one request for all', async () => {
    const keys = await Promise.all(['RS256', 'ES256', 'EdDSA'].map((alg) => signingKey(alg, alg)));
    const { issuer, verify } = await trusting(keys);
    expect(await Promise.all(keys.map(async (key) => (await verify(await signBy(key))).userId))).toEqual(['anna', 'anna', 'anna']);
    expect(issuer.requests).toBe(1);
  });

  it('tries the keys of its algorithm for a token that names none', async () => {
    const keys = await Promise.all([signingKey('ES256', 'a'), signingKey('RS256', 'b'), signingKey('ES256', 'c')]);
    const { verify } = await trusting(keys);
    expect((await verify(await signBy(keys[2]!, { sub: 'cleo' }, {}))).userId).toBe('cleo');
    await expect(verify(await signBy(await signingKey('ES256', 'x'), {}, {}))).rejects.toMatchObject(unauthorized);
  });

  it('does not let a token choose a key of another algorithm', async () => {
    const [rsa, ec] = [await signingKey('RS256', 'rsa'), await signingKey('ES256', 'ec')];
    const { verify } = await trusting([rsa, ec], noWait);
    await expect(verify(await signBy(ec, { sub: 'x' }, { kid: 'rsa' }))).rejects.toMatchObject(unauthorized);
    const forger: SigningKey = { ...rsa, privateKey: Buffer.from(rsa.jwk.n!) as never, alg: 'HS256' };
    await expect(verify(await signBy(forger))).rejects.toMatchObject(unauthorized);
  });

  it('fetches the set anew for an unknown kid, and takes the new key at once', async () => {
    const [old, next] = [await signingKey('ES256', 'old'), await signingKey('ES256', 'next')];
    const { issuer, verify } = await trusting([old], { cooldownMs: 0 });
    await verify(await signBy(old));
    issuer.keys = [next.jwk];
    expect((await verify(await signBy(next))).userId).toBe('anna');
    await expect(verify(await signBy(old))).rejects.toMatchObject(unauthorized);
  });

  it('asks once per cooldown, however many made-up kids come', async () => {
    const key = await signingKey('ES256', 'real');
    const { issuer, verify } = await trusting([key], { cooldownMs: 60_000 });
    const made = await Promise.all(Array.from({ length: 20 }, (_, index) => signBy(key, { sub: 'x' }, { kid: `made-${index}` })));
    for (const outcome of await Promise.allSettled(made.map((token) => verify(token)))) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: unauthorized });
    }
    expect(issuer.requests).toBe(1);
    expect((await verify(await signBy(key))).userId).toBe('anna');
  });

  it('is unavailable while it is down and nothing is known, and works once it is up', async () => {
    const key = await signingKey('ES256', '1');
    const { issuer, verify } = await trusting([key], noWait);
    issuer.answer = (_request, response) => response.writeHead(500).end();
    await expect(verify(await signBy(key))).rejects.toMatchObject(unavailable);
    issuer.answer = null;
    expect((await verify(await signBy(key))).userId).toBe('anna');
  });

  it('goes on with the keys that are known while it is down; only others are unavailable', async () => {
    const [known, other] = [await signingKey('ES256', '1'), await signingKey('ES256', '2')];
    const { issuer, verify } = await trusting([known], { ...noWait, maxAgeMs: 0 });
    await verify(await signBy(known));
    issuer.server.closeAllConnections();
    issuer.server.close();
    for (let round = 0; round < 3; round += 1) expect((await verify(await signBy(known))).userId).toBe('anna');
    await expect(verify(await signBy(other))).rejects.toMatchObject(unavailable);
  });

  it('does not trust for ever what it cannot fetch anew', async () => {
    const key = await signingKey('ES256', '1');
    const { issuer, verify } = await trusting([key], { ...noWait, maxStaleMs: 0 });
    await verify(await signBy(key));
    issuer.answer = (_request, response) => response.destroy();
    await expect(verify(await signBy(key))).rejects.toMatchObject(unavailable);
  });

  it('looks for changes in the background', async () => {
    const key = await signingKey('ES256', '1');
    const { issuer, verify } = await trusting([key], { ...noWait, maxAgeMs: 0 });
    await verify(await signBy(key));
    issuer.keys = [];
    expect((await verify(await signBy(key))).userId).toBe('anna');
    await waitFor(() => issuer.requests === 2);
    await waitFor(async () => (await verify(await signBy(key)).catch((error: { code: string }) => error.code)) === 'unauthorized');
  });

  it.each([
    ['is huge', (response: ServerResponse) => response.writeHead(200).end(`{"keys":["${'x'.repeat(300_000)}"]}`)],
    ['never ends', (response: ServerResponse) => response.writeHead(200).write('{"keys":[')],
    ['is no JSON', (response: ServerResponse) => response.writeHead(200).end('<html>')],
    ['is no set', (response: ServerResponse) => response.writeHead(200).end('{"keys":{}}')],
    ['leads elsewhere', (response: ServerResponse) => response.writeHead(302, { location: '/other.json' }).end()],
  ])('is unavailable when the answer %s', async (_what, answer) => {
    const key = await signingKey('ES256', '1');
    const { issuer, verify } = await trusting([key], { ...noWait, timeoutMs: 300 });
    issuer.answer = (_request, response) => void answer(response);
    await expect(verify(await signBy(key))).rejects.toMatchObject(unavailable);
  });

  it('leaves out keys that are for something else, short, symmetric or broken', async () => {
    const key = await signingKey('ES256', 'good');
    const { issuer, verify } = await trusting([key], noWait);
    const secret = { kty: 'oct', k: Buffer.from('x'.repeat(40)).toString('base64url'), kid: 'oct', alg: 'HS256' };
    issuer.keys = [secret, { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'short' }, { kty: 'EC', kid: 'broken' }, { ...key.jwk, kid: 'enc', use: 'enc' }, key.jwk];
    expect((await verify(await signBy(key))).userId).toBe('anna');
    await expect(verify(await signBy(key, { sub: 'x' }, { kid: 'enc' }))).rejects.toMatchObject(unauthorized);
  });

  it('does not stand in the way of a secret', async () => {
    const { issuer, jwks } = await trusting([]);
    issuer.answer = (_request, response) => response.destroy();
    const secret = 'a-secret-of-the-tests-with-32-characters-or-more';
    const verify = createTokenVerifier({ keys: [jwks, secretKeys([secret])] });
    expect((await verify(await issueToken({ secret }, { userId: 'ben', ttlS: 60 }))).userId).toBe('ben');
    expect(issuer.requests).toBe(0);
  });
});

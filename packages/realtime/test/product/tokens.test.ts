import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { publicKey, secretKeys } from '../../src/auth/keys.ts';
import { createTokenVerifier, issueToken, type VerifierOptions } from '../../src/auth/tokens.ts';
import { signBy, signingKey } from '../support/tokens.ts';

const secret = 'a-secret-of-the-tests-with-32-characters-or-more';
const key = new TextEncoder().encode(secret);
const inSeconds = (s: number): number => Math.floor(Date.now() / 1_000) + s;
const verifier = (options: Partial<VerifierOptions> = {}) => createTokenVerifier({ keys: [secretKeys([secret])], ...options });
const verify = verifier();
const sign = (claims: Record<string, unknown>, alg = 'HS256', by = key) =>
  new SignJWT({ exp: inSeconds(60), ...claims }).setProtectedHeader({ alg }).sign(by);
const refused = { code: 'unauthorized' };

describe('token verifier', () => {
  it('reads user, roles, sources, conversations, times and id', async () => {
    const claims = { user_id: 'anna', roles: ['service'], sources: ['backend'], conversations: ['c1'], iat: inSeconds(-3), jti: 'one' };
    const identity = await verify(await sign(claims));
    const { user_id, iat, jti, ...same } = claims;
    expect(identity).toEqual({ ...same, userId: user_id, issuedAt: iat * 1_000, tokenId: jti, expiresAt: expect.any(Number) });
    expect(identity.expiresAt).toBeGreaterThan(Date.now());
  });

  it('takes sub where there is no user_id, and numbers as ids', async () => {
    expect((await verify(await sign({ sub: 'ben' }))).userId).toBe('ben');
    expect((await verify(await sign({ user_id: 42, sub: 'x' }))).userId).toBe('42');
  });

  it('names a token without jti by what was signed, however its signature is written', async () => {
    const token = await sign({ sub: 'ben' });
    const [one, other] = [await verify(token), await verify(await sign({ sub: 'cleo' }))];
    expect(one.tokenId).toMatch(/^sha256:[\w-]{43}$/);
    expect((await verify(token)).tokenId).toBe(one.tokenId);
    expect(other.tokenId).not.toBe(one.tokenId);
  });

  it.each([
    ['no user', {}],
    ['roles that are no list', { user_id: 'a', roles: 'admin' }],
    ['roles that are no texts', { user_id: 'a', roles: [{ admin: true }] }],
    ['conversations that are no list', { user_id: 'a', conversations: '*' }],
    ['an empty user', { user_id: '' }],
    ['a user too long', { user_id: 'a'.repeat(257) }],
    ['no end', { user_id: 'a', exp: undefined }],
    ['an end that is a text', { user_id: 'a', exp: '2099-01-01' }],
    ['a begin in the future', { user_id: 'a', nbf: inSeconds(30) }],
    ['an issue in the future', { user_id: 'a', iat: inSeconds(30) }],
  ])('refuses %s', async (_what, claims) => {
    await expect(verify(await sign(claims))).rejects.toMatchObject(refused);
  });

  it('takes a begin that is a moment ahead, as of another clock', async () => {
    expect((await verify(await sign({ user_id: 'a', nbf: inSeconds(3), iat: inSeconds(3) }))).userId).toBe('a');
  });

  it('tells that a token has expired, to the second', async () => {
    await expect(verify(await sign({ user_id: 'a', exp: inSeconds(-1) }))).rejects.toMatchObject({ code: 'token_expired' });
    await expect(verify(await sign({ user_id: 'a', exp: inSeconds(-3_600) }))).rejects.toMatchObject({ code: 'token_expired' });
  });

  it('refuses what is none, is too long, was changed, or is not signed', async () => {
    const token = await sign({ user_id: 'a' });
    const [header, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ user_id: 'admin', exp: inSeconds(60) })).toString('base64url');
    const none = new UnsecuredJWT({ user_id: 'a' }).setExpirationTime('1m').encode();
    for (const bad of ['', '...', 'a.b.c', `${token}x`, 'x'.repeat(20_000), `${header}.${claims}.${signature}`, none, `${none}x`, token.slice(0, -1)]) {
      await expect(verify(bad), bad.slice(0, 40)).rejects.toMatchObject(refused);
    }
  });

  it('refuses other algorithms, also of the same kind', async () => {
    await expect(verify(await sign({ user_id: 'a' }, 'HS512', Buffer.alloc(64, 'x')))).rejects.toMatchObject({ ...refused, details: { why: 'tokens of this algorithm are not taken' } });
    await expect(verify(await signBy(await signingKey('RS256', '1')))).rejects.toMatchObject(refused);
  });

  it('holds issuer and audience to what is set, and issues such tokens', async () => {
    const claims = { issuer: 'armoricore', audience: 'apps' };
    const strict = verifier(claims);
    const token = await issueToken({ secret, ...claims }, { userId: 'demo', ttlS: 12 * 3600 });
    const { userId, roles, expiresAt } = await strict(token);
    expect([userId, roles]).toEqual(['demo', ['user']]);
    expect(Math.abs(expiresAt - Date.now() - 12 * 3600 * 1000)).toBeLessThan(60_000);
    await expect(verifier({ ...claims, audience: 'others' })(token)).rejects.toMatchObject(refused);
    await expect(verifier({ ...claims, issuer: 'others' })(token)).rejects.toMatchObject(refused);
    await expect(strict(await sign({ user_id: 'a' }))).rejects.toMatchObject(refused);
    expect((await strict(await sign({ user_id: 'a', iss: 'armoricore', aud: ['x', 'apps'] }))).userId).toBe('a');
  });

  it('never shows the token in what it throws', async () => {
    const token = await sign({ user_id: 'a', roles: 'admin' });
    const thrown = await verify(token).catch((error: unknown) => error);
    expect(JSON.stringify(thrown)).not.toContain(token.slice(0, 20));
  });

  it('takes the tokens of an older secret until that is removed', async () => {
    const keys = secretKeys([secret]);
    const check = verifier({ keys: [keys] });
    const [old, other] = [await sign({ user_id: 'a' }), 'b'.repeat(40)];
    const fresh = await sign({ user_id: 'b' }, 'HS256', new TextEncoder().encode(other));
    await expect(check(fresh)).rejects.toMatchObject(refused);
    keys.replace([other, secret]);
    expect([(await check(old)).userId, (await check(fresh)).userId]).toEqual(['a', 'b']);
    keys.replace([other]);
    await expect(check(old)).rejects.toMatchObject(refused);
  });
});

describe('public keys', () => {
  it.each(['RS256', 'ES256', 'EdDSA'])('take %s, each for its own algorithm alone', async (alg) => {
    const [right, wrong] = [await signingKey(alg, '1'), await signingKey(alg, '1')];
    const pem = await exportSPKI(right.publicKey);
    for (const written of [pem, pem.replaceAll('\n', '\\n')]) {
      expect((await verifier({ keys: [publicKey(written)] })(await signBy(right))).userId).toBe('anna');
    }
    await expect(verifier({ keys: [publicKey(pem)] })(await signBy(wrong))).rejects.toMatchObject(refused);
    await expect(verifier({ keys: [publicKey(pem)] })(await sign({ sub: 'anna' }))).rejects.toMatchObject(refused);
  });

  it('are never taken for a secret: a token signed by HS256 with the published key is refused', async () => {
    const rsa = await signingKey('RS256', '1');
    const pem = await exportSPKI(rsa.publicKey);
    const forged = await Promise.all([pem, pem.trim()].map((text) => sign({ user_id: 'admin', roles: ['admin'] }, 'HS256', new TextEncoder().encode(text))));
    for (const keys of [[publicKey(pem)], [publicKey(pem), secretKeys([secret])]]) {
      for (const token of forged) await expect(verifier({ keys })(token)).rejects.toMatchObject(refused);
    }
  });

  it('stand beside a secret: the algorithm of the token says which is meant', async () => {
    const ec = await signingKey('ES256', '1');
    const check = verifier({ keys: [secretKeys([secret]), publicKey(await exportSPKI(ec.publicKey))] });
    expect((await check(await signBy(ec))).userId).toBe('anna');
    expect((await check(await sign({ user_id: 'ben' }))).userId).toBe('ben');
  });

  it('are refused at the start when they are of another kind, short, private or broken', async () => {
    const { exportPKCS8 } = await import('jose');
    const { generateKeyPairSync } = await import('node:crypto');
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' });
    const curve = await signingKey('ES384', '1');
    expect(() => publicKey(String(short))).toThrow(/2048/);
    expect(() => publicKey('no key')).toThrow(/no public key/);
    await expect(exportSPKI(curve.publicKey).then(publicKey)).rejects.toThrow(/P-256/);
    await expect(exportPKCS8(curve.privateKey).then(publicKey)).rejects.toThrow(/private/);
  });
});

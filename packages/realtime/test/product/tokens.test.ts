import { SignJWT, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { createTokenVerifier, issueToken } from '../../src/auth/tokens.ts';

const secret = 'a-secret-of-the-tests-with-32-characters-or-more';
const verify = createTokenVerifier({ secret });
const key = new TextEncoder().encode(secret);
const sign = (claims: Record<string, unknown>, alg = 'HS256') => new SignJWT(claims).setProtectedHeader({ alg }).setExpirationTime('1m').sign(key);

describe('token verifier', () => {
  it('reads user, roles, sources and the end', async () => {
    const identity = await verify(await sign({ user_id: 'anna', roles: ['service'], sources: ['backend'] }));
    expect(identity).toMatchObject({ userId: 'anna', roles: ['service'], sources: ['backend'] });
    expect(identity.expiresAt).toBeGreaterThan(Date.now());
  });

  it('takes sub where there is no user_id, and numbers as ids', async () => {
    expect((await verify(await sign({ sub: 'ben' }))).userId).toBe('ben');
    expect((await verify(await sign({ user_id: 42, sub: 'x' }))).userId).toBe('42');
  });

  it.each([
    ['no user', {}],
    ['roles that are no list', { user_id: 'a', roles: 'admin' }],
    ['an empty user', { user_id: '' }],
  ])('refuses %s', async (_what, claims) => {
    await expect(verify(await sign(claims))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('refuses other algorithms, also with a key of their own, and tokens without an end', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const rsa = await new SignJWT({ user_id: 'a' }).setProtectedHeader({ alg: 'RS256' }).setExpirationTime('1m').sign(privateKey);
    const endless = await new SignJWT({ user_id: 'a' }).setProtectedHeader({ alg: 'HS256' }).sign(key);
    for (const token of [rsa, endless, await sign({ user_id: 'a' }, 'HS512')]) await expect(verify(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('holds issuer and audience to what is set, and issues such tokens', async () => {
    const strict = { secret, issuer: 'armoricore', audience: 'apps' };
    const token = await issueToken(strict, { userId: 'demo', ttlS: 12 * 3600 });
    const { userId, roles, expiresAt } = await createTokenVerifier(strict)(token);
    expect([userId, roles]).toEqual(['demo', ['user']]);
    expect(Math.abs(expiresAt - Date.now() - 12 * 3600 * 1000)).toBeLessThan(60_000);
    await expect(createTokenVerifier({ ...strict, audience: 'others' })(token)).rejects.toMatchObject({ code: 'unauthorized' });
    await expect(createTokenVerifier(strict)(await sign({ user_id: 'a' }))).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

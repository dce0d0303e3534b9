import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A key pair of an issuer, as its JWKS shows it. */
export interface SigningKey {
  alg: string;
  kid: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  jwk: JWK;
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** A token of it that lasts a minute, unless the claims say something else. */
export function signBy({ alg, kid, privateKey }: SigningKey, claims: Record<string, unknown> = { sub: 'anna' }, header: object = { kid }): Promise<string> {
  return new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 60, ...claims }).setProtectedHeader({ alg, ...header }).sign(privateKey);
}

/** An issuer's web server, which a test may change and count the requests of. */
export interface Issuer {
  url: string;
  requests: number;
  /** What the key set holds, unless `answer` is set. */
  keys: JWK[];
  answer: RequestListener | null;
  server: Server;
}

export async function startIssuer(keys: JWK[]): Promise<Issuer> {
  const issuer: Issuer = { url: '', requests: 0, keys, answer: null, server: createServer() };
  issuer.server.on('request', (request, response) => {
    issuer.requests += 1;
    if (issuer.answer !== null) issuer.answer(request, response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: issuer.keys }));
  });
  issuer.server.listen(0, '127.0.0.1');
  await once(issuer.server, 'listening');
  issuer.url = `http://127.0.0.1:${(issuer.server.address() as AddressInfo).port}/jwks.json`;
  onTestFinished(() => {
    issuer.server.closeAllConnections();
    issuer.server.close();
  });
  return issuer;
}

import { SignJWT } from 'jose';

export interface BannerFacts {
  url: string;
  dataDir: string;
  database: string;
  /** A development token. */
  token?: string;
}

/** What is shown when everything runs. The token has a line of its own, ready to be copied. */
export function banner({ url, dataDir, database, token }: BannerFacts): string {
  const lines = ['', '  Armoricore is ready', '', `  URL       ${url}`, `  Data      ${dataDir}`, `  Database  ${database}`, ''];
  if (token !== undefined) lines.push('  Token for development (user "demo", role "user", 12 hours):', '', token, '');
  return `${lines.join('\n')}\n`;
}

export interface TokenScope {
  issuer?: string | undefined;
  audience?: string | undefined;
}

/** A token for the user `demo`, for 12 hours, as `JWT_SECRET`, `JWT_ISSUER` and `JWT_AUDIENCE` want it. */
export function developmentToken(secret: string, { issuer, audience }: TokenScope = {}): Promise<string> {
  const jwt = new SignJWT({ user_id: 'demo', roles: ['user'] })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime('12h');
  if (issuer !== undefined) jwt.setIssuer(issuer);
  if (audience !== undefined) jwt.setAudience(audience);
  return jwt.sign(new TextEncoder().encode(secret));
}

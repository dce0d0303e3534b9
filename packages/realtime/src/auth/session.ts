/** The cookie that holds the token of an operator who signed in on a page; it is sent to `/admin` alone. */
const NAME = 'armoricore_admin';

/** A `Set-Cookie` that keeps a token until it ends. No script can read it, and no other site makes a browser send it. */
export function sessionCookie(token: string, { expiresAt, secure }: { expiresAt: number; secure: boolean }): string {
  return cookie(token, new Date(expiresAt), secure);
}

/** A `Set-Cookie` that ends the session. */
export function endOfSession({ secure }: { secure: boolean }): string {
  return cookie('', new Date(0), secure);
}

/** The token in a `Cookie` header. */
export function sessionToken(header: string | undefined): string | undefined {
  const [, token] = new RegExp(`(?:^|; ?)${NAME}=([\\w.-]+)`).exec(header ?? '') ?? [];
  return token;
}

function cookie(value: string, expires: Date, secure: boolean): string {
  const attributes = ['HttpOnly', 'SameSite=Strict', 'Path=/admin', `Expires=${expires.toUTCString()}`, ...(secure ? ['Secure'] : [])];
  return [`${NAME}=${value}`, ...attributes].join('; ');
}

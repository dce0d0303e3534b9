import type { IncomingMessage } from 'node:http';
import type { ConnectInfo, Mount } from '../socket.ts';

/** A mount that a request path belongs to, and which of its endpoints. */
export interface Route {
  mount: Mount;
  pathParams: Record<string, string>;
}

const AUTH_TOKEN_PREFIX = 'base64url.bearer.phx.';

/**
 * The mount whose WebSocket a path names. Matched exactly by segments as in Phoenix: doubled and trailing slashes do not
 * matter, case does.
 */
export function routeWebSocket(mounts: readonly Mount[], path: string): Route | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const mount of mounts) {
    const base = mount.path.split('/').filter((segment) => segment !== '');
    const pathParams = matchSegments(base, segments);
    if (pathParams === null) continue;
    const rest = segments.slice(base.length);
    const named = rest.length === 1 && rest[0] === (mount.websocketPath ?? 'websocket');
    if (named || (rest.length === 0 && (mount.bare ?? true))) return { mount, pathParams };
  }
  return null;
}

function matchSegments(base: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (segments.length < base.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of base.entries()) {
    const segment = segments[index]!;
    if (expected.startsWith(':')) params[expected.slice(1)] = segment;
    else if (segment !== expected) return null;
  }
  return params;
}

export function connectInfo(request: IncomingMessage, { pathParams }: Route, transport: ConnectInfo['transport']): ConnectInfo {
  const [path, query] = splitUrl(request.url ?? '/');
  return {
    params: { ...Object.fromEntries(new URLSearchParams(query)), ...pathParams },
    path,
    query,
    headers: request.headers,
    remoteAddress: request.socket.remoteAddress,
    authToken: authTokenOf(request.headers['sec-websocket-protocol']),
    transport,
  };
}

export function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** The token in the sub-protocols that phoenix.js 1.8 offers for `authToken`; both base64 alphabets are taken. */
export function authTokenOf(offered: string | undefined): string | null {
  const tokens = (offered ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry.startsWith(AUTH_TOKEN_PREFIX));
  if (tokens.length !== 1) return null;
  return Buffer.from(tokens[0]!.slice(AUTH_TOKEN_PREFIX.length), 'base64').toString('utf8');
}

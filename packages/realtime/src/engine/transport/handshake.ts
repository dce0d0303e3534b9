import type { IncomingMessage } from 'node:http';
import type { ConnectInfo, Mount } from '../socket.ts';
import { decodeQuery } from './query.ts';

/** A mount that a request path belongs to, and which of its transports. */
export interface Route {
  mount: Mount;
  transport: ConnectInfo['transport'];
  pathParams: Record<string, string>;
}

const AUTH_TOKEN_PREFIX = 'base64url.bearer.phx.';
/** Either alphabet, padded or not; a rest of one character encodes nothing. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2,3})?={0,2}$/;

/**
 * The mount and transport that a path names. Matched exactly by segments as in Phoenix: doubled and trailing slashes do
 * not matter, case does. Values of path parameters are not decoded.
 */
export function route(mounts: readonly Mount[], path: string): Route | null {
  const segments = path.split('/').filter((segment) => segment !== '');
  for (const mount of mounts) {
    const base = mount.path.split('/').filter((segment) => segment !== '');
    const pathParams = matchSegments(base, segments);
    if (pathParams === null) continue;
    const transport = transportOf(mount, segments.slice(base.length));
    if (transport !== null) return { mount, transport, pathParams };
  }
  return null;
}

function transportOf(mount: Mount, rest: readonly string[]): Route['transport'] | null {
  if (rest.length === 0) return mount.bare === true || mount.direct !== undefined ? 'websocket' : null;
  if (mount.direct !== undefined) return null;
  if (rest.length > 1) return null;
  if (rest[0] === (mount.websocketPath ?? 'websocket')) return 'websocket';
  return rest[0] === (mount.longpollPath ?? 'longpoll') ? 'longpoll' : null;
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

/** What `connect` is told. Null when the query is not UTF-8, which is answered with 400. */
export function connectInfo(request: IncomingMessage, { mount, pathParams, transport }: Route): ConnectInfo | null {
  const [path, query] = splitUrl(request.url ?? '/');
  const params = decodeQuery(query);
  if (params === null) return null;
  return {
    params: Object.assign(params, pathParams),
    path,
    query,
    headers: request.headers,
    // A system call: made only for those who ask.
    get remoteAddress() {
      return request.socket.remoteAddress;
    },
    authToken: mount.authToken === true ? authTokenOf(request, transport) : null,
    transport,
  };
}

export function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** The sub-protocols that a client offers, without the entry that holds its token. */
export function offeredProtocols(header: string | undefined, mount: Mount): string[] {
  const offered = entriesOf(header);
  return mount.authToken === true ? offered.filter((entry) => !entry.startsWith(AUTH_TOKEN_PREFIX)) : offered;
}

/** Takes the token out of an offer: its base64 may have a `/`, for which `ws` would refuse the whole handshake. */
export function withoutToken({ headers }: IncomingMessage, mount: Mount): void {
  const offered = offeredProtocols(headers['sec-websocket-protocol'], mount);
  if (offered.length > 0) headers['sec-websocket-protocol'] = offered.join(', ');
  else delete headers['sec-websocket-protocol'];
}

/** The first of the mount's sub-protocols that the client offers; null when there is none to answer. */
export function chooseProtocol(offered: readonly string[], mount: Mount): string | null {
  const ours = [...(mount.subprotocols ?? []), ...(mount.authToken === true ? ['phoenix'] : [])];
  return ours.find((protocol) => offered.includes(protocol)) ?? null;
}

/**
 * Whether an offer (the header as it came) must be refused: the mount has a list and the client offers others only, or the
 * token is not base64.
 */
export function protocolRefused(header: string | undefined, mount: Mount): boolean {
  const token = mount.authToken === true ? offeredToken(header) : null;
  if (token !== null && !BASE64.test(token)) return true;
  const offered = offeredProtocols(header, mount);
  return mount.subprotocols !== undefined && offered.length > 0 && chooseProtocol(offered, mount) === null;
}

/**
 * WebSocket: the token among the sub-protocols, as phoenix.js 1.8 offers it (both base64 alphabets are taken).
 * Long polling: the header `x-phoenix-authtoken`.
 */
function authTokenOf({ headers }: IncomingMessage, transport: Route['transport']): string | null {
  if (transport === 'longpoll') return headerText(headers['x-phoenix-authtoken']);
  const token = offeredToken(headers['sec-websocket-protocol']);
  return token === null ? null : Buffer.from(token, 'base64').toString('utf8');
}

/** The encoded token of an offer; with several none is taken, as in Phoenix. */
function offeredToken(header: string | undefined): string | null {
  const tokens = entriesOf(header).filter((entry) => entry.startsWith(AUTH_TOKEN_PREFIX));
  return tokens.length === 1 ? tokens[0]!.slice(AUTH_TOKEN_PREFIX.length) : null;
}

function entriesOf(header: string | undefined): string[] {
  return (header ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
}

export function headerText(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** Whether a browser's page may connect. Programs send no Origin and always may. */
export function originAllowed(origin: string | undefined, origins: readonly string[] | undefined): boolean {
  if (origin === undefined || origins === undefined) return true;
  const given = URL.parse(origin);
  return given !== null && origins.some((allowed) => matchesOrigin(given, allowed));
}

function matchesOrigin(given: URL, allowed: string): boolean {
  if (!allowed.startsWith('//')) return given.origin === URL.parse(allowed)?.origin;
  const host = allowed.slice(2).toLowerCase();
  if (host.startsWith('*.')) return given.hostname.endsWith(host.slice(1));
  return host === (/:\d+$/.test(host) ? given.host : given.hostname);
}

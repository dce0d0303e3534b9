import type { IncomingHttpHeaders } from 'node:http';
import type { Channel } from './channel.ts';
import type { Params } from './transport/query.ts';
import type { DirectJoin } from './direct.ts';
import type { Refusal } from './refusal.ts';

/** What is known of a client when it connects. */
export interface ConnectInfo {
  /** The query string merged with the path parameters of the mount, which win. Values of the query are decoded. */
  readonly params: Params;
  readonly path: string;
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
  /** From phoenix.js's `authToken`, on mounts with that option; null when the client sent none. */
  readonly authToken: string | null;
  readonly transport: 'websocket' | 'longpoll';
}

export interface Connected<Identity> {
  identity: Identity;
  /** Connections of one id are closed together by `endpoint.disconnect(id)`. */
  id?: string;
  /** The connection is closed with 4001 soon after this time (ms since the epoch). */
  expiresAt?: number;
}

/** A connection as its own events see it. */
export interface LiveConnection<Identity> {
  readonly identity: Identity;
  /** Goes on as this identity, until another `expiresAt` (without one: for ever). Topics that are joined stay joined. */
  renew(connected: Pick<Connected<Identity>, 'identity' | 'expiresAt'>): void;
}

/** Who may connect, and to which channels: Phoenix's socket handler. */
export interface SocketHandler<Identity> {
  /** Throw `Refusal` to refuse: the client gets HTTP 403. Anything else thrown is HTTP 500. */
  connect(info: ConnectInfo): Connected<Identity> | Promise<Connected<Identity>>;
  /** The first one whose pattern matches a topic has it. */
  channels: readonly Channel<Identity>[];
  /**
   * Events of the connection, which clients push on any topic they joined: they go before the channel's own. What a handler
   * returns is the reply; it may throw `Refusal`, and checks the payload itself.
   */
  events?: Record<string, (payload: unknown, connection: LiveConnection<Identity>) => unknown>;
}

export interface MountOptions {
  /** Last path segment of the WebSocket; default `websocket`. */
  websocketPath?: string;
  /** Last path segment of long polling; default `longpoll`, false for none. */
  longpollPath?: string | false;
  /** The mount itself takes WebSockets, too: some Dart and Rust clients add no `/websocket`. Default false. */
  bare?: boolean;
  /** Take the token of phoenix.js's `authToken` and answer the sub-protocol `phoenix`. Default false. */
  authToken?: boolean;
  /**
   * Makes a direct mount: whoever connects to the mount itself is joined to this topic (by its channel's `join`; what that
   * refuses, the upgrade is) and gets what is sent there as V2 frames without refs, bytes as bare binary messages. Of what the
   * client sends, heartbeats are answered and the rest is ignored. May throw `Refusal`. There is no long polling.
   */
  direct?: (info: ConnectInfo) => DirectJoin;
  /** WebSocket sub-protocols in order of preference; a client that offers others only is refused with 403. */
  subprotocols?: readonly string[];
  /** Offer permessage-deflate. Default false: it costs memory and time for each connection. */
  compress?: boolean;
  /** Origins that may connect, as `//example.com`, `//*.example.com` or `https://example.com:8443`. Default: all. */
  origins?: readonly string[];
  /** Answers a WebSocket connect that was refused with details of yours; default 403 with an empty body. */
  onRefused?: (refusal: Refusal) => { status: number; body: string };
  /** Close after this long without a frame from the client, in ms; default 60,000 as in Phoenix. */
  idleTimeoutMs?: number;
  /** Largest message of a client in bytes; default 10,000,000 as in Bandit. */
  maxFrameBytes?: number;
  /** Channels per connection; default 100 as in Phoenix 1.8. */
  maxChannels?: number;
  /** Messages that may wait for one channel; default 1,000. More close the connection with 1013. */
  mailboxLimit?: number;
  /** Bytes that may wait for one client; default 1 MiB. More close the connection with 1013. */
  maxBufferedBytes?: number;
  /** How long a poll waits for messages, in ms; default 10,000. A session ends when nobody polled for 1.5 of it. */
  longpollWindowMs?: number;
  /** How long a long-poll session may last, in ms; default 14 days. */
  longpollTokenTtlMs?: number;
}

/** Erases the identity of a socket handler, so that mounts of different sockets fit one endpoint. */
export interface Mount extends MountOptions {
  path: string;
  socket: SocketHandler<unknown>;
}

/** A socket under a path like `/socket` or `/tenant/:tenant/socket`. */
export function mount<Identity>(path: string, socket: SocketHandler<Identity>, options: MountOptions = {}): Mount {
  if (!/^(\/:?[\w.-]+)+$/.test(path)) throw new TypeError(`mount path ${JSON.stringify(path)}: allowed is /a/path with optional :params`);
  const wrong = options.origins?.find((origin) => !/^(https?:)?\/\/[^/]+$/.test(origin));
  if (wrong !== undefined) throw new TypeError(`origin ${JSON.stringify(wrong)}: allowed are //example.com, //*.example.com and https://example.com:8443`);
  return { ...options, path, socket: socket as unknown as SocketHandler<unknown> };
}

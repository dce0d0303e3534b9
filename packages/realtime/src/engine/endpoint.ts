import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE } from './close.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Counters } from './counters.ts';
import { DirectClient, type DirectJoin } from './direct.ts';
import { Fastlane } from './fastlane.ts';
import { admit, isRejected, rejection, type Admission, type Admitted, type Rejected } from './gate.ts';
import type { Payload } from './message.ts';
import { Presence } from './presence/tracker.ts';
import { createLocalPubSub } from './pubsub/local.ts';
import type { PubSub } from './pubsub/port.ts';
import type { Mount } from './socket.ts';
import { connectInfo, originAllowed, protocolRefused, route, splitUrl, withoutToken, type Route } from './transport/handshake.ts';
import { LongPoll } from './transport/longpoll.ts';
import type { Transport } from './transport/port.ts';
import { WebSocketUpgrader, type Receiver, type WebSocketTransport } from './transport/websocket.ts';

export interface EndpointOptions {
  mounts: readonly Mount[];
  /** Default: this process only. */
  pubsub?: PubSub;
  /** Told of every crash in a handler; default: printed to standard error. */
  onCrash?: (where: string, thrown: unknown) => void;
}

/** What a mount has on this endpoint. */
interface Mounted {
  websocket: WebSocketUpgrader;
  longpoll: LongPoll;
  connection: ConnectionOptions;
}

export interface EndpointStats extends Readonly<Pick<Counters, 'joins' | 'refusedJoins' | 'messagesIn' | 'messagesOut' | 'replaced' | 'ends'>> {
  connections: number;
  /** Topics that these have joined, each counted for itself. */
  channels: number;
  /** What is tracked, on any node, as this one knows it. */
  presences: number;
}

/** Completes a handshake and hands the socket to what `open` makes. */
type Upgrade = (open: (transport: WebSocketTransport) => Receiver) => void;

interface DirectUpgrade {
  socket: Duplex;
  mounted: Mounted;
  mount: Mount;
  upgrade: Upgrade;
}

/** How often idle and expired connections are looked for, at least, in ms. */
const SWEEP_MS = 5_000;
const DEFAULT_IDLE_MS = 60_000;

/** The door of a node: clients in, broadcasts out. It owns no HTTP server: hand it requests and upgrades. */
export class Endpoint {
  readonly #mounts: readonly Mount[];
  readonly #pubsub: PubSub;
  readonly #fastlane: Fastlane;
  readonly #presence: Presence;
  readonly #onCrash: (where: string, thrown: unknown) => void;
  readonly #mounted = new Map<Mount, Mounted>();
  readonly #open = new Set<Connection>();
  readonly #counters = new Counters();
  readonly #sweep: NodeJS.Timeout;
  #draining = false;

  constructor({ mounts, pubsub = createLocalPubSub(), onCrash = (where, thrown) => console.error(where, thrown) }: EndpointOptions) {
    this.#mounts = mounts;
    this.#pubsub = pubsub;
    this.#fastlane = new Fastlane(pubsub, onCrash);
    this.#presence = new Presence(pubsub, this.#fastlane, onCrash);
    this.#onCrash = onCrash;
    for (const mount of mounts) {
      this.#mounted.set(mount, { websocket: new WebSocketUpgrader(mount, this.#counters), longpoll: new LongPoll(mount, this.#counters), connection: this.#connectionOptions(mount) });
    }
    const shortest = Math.min(...mounts.map((mount) => mount.idleTimeoutMs ?? DEFAULT_IDLE_MS));
    this.#sweep = setInterval(() => this.#sweepConnections(), Math.min(SWEEP_MS, shortest / 8)).unref();
  }

  /** Sends to every subscriber of a topic on every node. */
  broadcast(topic: string, event: string, payload: Payload): void {
    this.#pubsub.publish({ topic, event, payload });
  }

  /** Sends to the subscribers of a topic on this node alone. */
  localBroadcast(topic: string, event: string, payload: Payload): void {
    this.#fastlane.deliver({ topic, event, payload });
  }

  /** Channels of this node that listen on a topic. */
  membersOf(topic: string): number {
    return this.#fastlane.count(topic);
  }

  /** Closes every connection with this socket id, on every node; phoenix.js reconnects (1001) unless it is refused then. */
  disconnect(id: string): void {
    this.broadcast(id, 'disconnect', {});
  }

  /** Closes the connections of this node whose identity is such a one, with 1001; answers how many. */
  disconnectWhere(matches: (identity: unknown) => boolean): number {
    const found = [...this.#open].filter((connection) => matches(connection.identity));
    for (const connection of found) connection.close(CLOSE.disconnected);
    return found.length;
  }

  /** Figures of this node: what there is now, and what was counted since it began. */
  stats(): EndpointStats {
    let channels = 0;
    for (const connection of this.#open) channels += connection.size;
    const { joins, refusedJoins, messagesIn, messagesOut, replaced, ends } = this.#counters;
    return { connections: this.#open.size, channels, presences: this.#presence.size, joins, refusedJoins, messagesIn, messagesOut, replaced, ends: { ...ends } };
  }

  /** The topics with the most subscribers on this node, largest first. */
  topTopics(most: number): { topic: string; members: number }[] {
    return this.#fastlane.largest(most);
  }

  /** Answers a plain HTTP request to a path of a socket (long polling, or a WebSocket path without an upgrade). False when the path is another's. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const found = this.#route(request);
    if (found === null) return false;
    const answered = found.transport === 'longpoll' ? this.#answerLongPoll(request, response, found) : this.#answerPlain(request, response, found);
    answered.catch((thrown: unknown) => {
      this.#onCrash(`request ${found.mount.path}`, thrown);
      response.destroy();
    });
    return true;
  }

  /**
   * Takes an `upgrade` of an HTTP server. False when the path is another's: nothing was done then. Destroy the socket, or
   * listen to its errors before you answer: a client that resets it would end the process.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const found = this.#route(request);
    const mounted = found === null ? undefined : this.#mounted.get(found.mount);
    if (found?.transport !== 'websocket' || mounted === undefined) return false;
    // The client may go away while `connect` is under way, or reset the socket of a refusal.
    const onError = (): void => void socket.destroy();
    socket.on('error', onError);
    const settle = (outcome: Admitted | Rejected): void => {
      if (socket.destroyed) return;
      if (isRejected(outcome)) return refuseUpgrade(socket, outcome);
      if (request.headers['sec-websocket-version'] !== '13') return refuseUpgrade(socket, { status: 400, body: 'sec-websocket-version must be 13' });
      const upgrade: Upgrade = (open) => {
        socket.off('error', onError);
        withoutToken(request, found.mount);
        mounted.websocket.upgrade(request, socket, head, open);
      };
      const { join } = outcome;
      if (join === undefined) upgrade((transport) => this.#openConnection(transport, mounted, outcome));
      else this.#openDirect({ socket, mounted, upgrade, mount: found.mount }, outcome, join).catch(fail);
    };
    const fail = (thrown: unknown): void => {
      this.#onCrash(`upgrade ${found.mount.path}`, thrown);
      socket.destroy();
    };
    try {
      const outcome = this.#admit(request, found);
      if (outcome instanceof Promise) outcome.then(settle).catch(fail);
      else settle(outcome);
    } catch (thrown) {
      fail(thrown);
    }
    return true;
  }

  /**
   * Closes all connections with 1012 (clients come back elsewhere) in batches of `batchSize` each `intervalMs`, so that they
   * do not come back all at once. Batches are larger where it takes that to have closed all within `deadlineMs`. New ones
   * are refused with 503 meanwhile.
   */
  async drain({ batchSize = 1_000, intervalMs = 100, deadlineMs = 5_000 } = {}): Promise<void> {
    this.#draining = true;
    clearInterval(this.#sweep);
    this.#presence.close();
    const deadline = performance.now() + deadlineMs;
    const rest = [...this.#open];
    while (rest.length > 0) {
      const batchesLeft = Math.max(0, Math.floor((deadline - performance.now()) / intervalMs)) + 1;
      const batch = rest.splice(0, Math.max(batchSize, Math.ceil(rest.length / batchesLeft)));
      for (const connection of batch) connection.close(CLOSE.shutdown, 'shutdown');
      if (rest.length > 0) await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
    for (const { longpoll } of this.#mounted.values()) longpoll.stop();
  }

  #route(request: IncomingMessage): Route | null {
    return route(this.#mounts, splitUrl(request.url ?? '/')[0]);
  }

  async #answerPlain(request: IncomingMessage, response: ServerResponse, found: Route): Promise<void> {
    const outcome: Rejected | Admitted = request.method === 'GET' ? await this.#admit(request, found) : { status: 400, body: '' };
    const { status, body } = isRejected(outcome) ? outcome : { status: 400, body: 'this path takes WebSocket upgrades (RFC 6455, version 13)' };
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(request.method === 'HEAD' ? undefined : body);
  }

  async #answerLongPoll(request: IncomingMessage, response: ServerResponse, found: Route): Promise<void> {
    const mounted = this.#mounted.get(found.mount)!;
    const token = connectInfo(request, found)?.params['token'];
    await mounted.longpoll.handle(
      request,
      response,
      token,
      async () => this.#admit(request, found),
      (session, admitted) => this.#openConnection(session, mounted, admitted),
    );
  }

  /** The checks of a handshake in Phoenix's order: origin, sub-protocol, connect. */
  #admit(request: IncomingMessage, found: Route): Admission {
    const { mount } = found;
    if (this.#draining) return { status: 503, body: '' };
    const info = connectInfo(request, found);
    if (info === null) return { status: 400, body: '' };
    if (!originAllowed(request.headers.origin, mount.origins)) return { status: 403, body: '' };
    if (found.transport === 'websocket' && protocolRefused(request.headers['sec-websocket-protocol'], mount)) return { status: 403, body: '' };
    return admit(mount, info, this.#onCrash);
  }

  #connectionOptions(mount: Mount): ConnectionOptions {
    return {
      channels: mount.socket.channels,
      events: mount.socket.events,
      fastlane: this.#fastlane,
      pubsub: this.#pubsub,
      presence: this.#presence,
      counters: this.#counters,
      maxChannels: mount.maxChannels ?? 100,
      mailboxLimit: mount.mailboxLimit ?? 1_000,
      idleTimeoutMs: mount.idleTimeoutMs ?? DEFAULT_IDLE_MS,
      onCrash: this.#onCrash,
      onClosed: (connection) => this.#open.delete(connection),
    };
  }

  #openConnection(transport: Transport, mounted: Mounted, admitted: Admitted): Connection {
    const connection = new Connection(transport, admitted, mounted.connection);
    this.#open.add(connection);
    return connection;
  }

  /** The client joins first: the upgrade is refused where the channel refuses. */
  async #openDirect({ socket, mounted, mount, upgrade }: DirectUpgrade, admitted: Admitted, join: DirectJoin): Promise<void> {
    const client = new DirectClient(admitted, mounted.connection);
    this.#open.add(client.connection);
    const gone = (): void => client.closed('shutdown:closed');
    socket.once('close', gone);
    try {
      await client.join(join);
    } catch (thrown) {
      client.closed('shutdown:refused');
      return refuseUpgrade(socket, rejection(mount, 'websocket', thrown, this.#onCrash));
    }
    // It was closed while it joined: the client may try again.
    if (client.connection.isClosed) return refuseUpgrade(socket, { status: 503, body: '' });
    upgrade((transport) => {
      socket.off('close', gone);
      return client.open(transport);
    });
  }

  #sweepConnections(): void {
    const now = performance.now();
    const date = Date.now();
    for (const connection of this.#open) connection.sweep(date, now);
  }
}

const REASONS: Record<number, string> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 500: 'Internal Server Error', 503: 'Service Unavailable' };

function refuseUpgrade(socket: Duplex, { status, body }: Rejected): void {
  const head = [`HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}`, 'connection: close', `content-length: ${Buffer.byteLength(body)}`];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

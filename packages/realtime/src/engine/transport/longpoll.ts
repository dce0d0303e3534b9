import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getDefaultHighWaterMark } from 'node:stream';
import { CLOSE } from '../close.ts';
import type { Connection } from '../connection.ts';
import type { Counters } from '../counters.ts';
import { isRejected, type Admitted, type Rejected } from '../gate.ts';
import type { Frame } from '../message.ts';
import type { Mount } from '../socket.ts';
import { headerText } from './handshake.ts';
import { Latest } from './latest.ts';
import type { Transport } from './port.ts';
import { BodyTooLarge, preflight, readBody, refuse, respond, splitBatch } from './longpoll-http.ts';

const DEFAULT_WINDOW_MS = 10_000;
const DEFAULT_TOKEN_TTL_MS = 14 * 24 * 3600 * 1000;
/** With so much waiting for the next poll, only the latest volatile frames wait, too; as much as makes a socket slow. */
const SLOW_BYTES = getDefaultHighWaterMark(false);

/** What happens to one client that polls. */
class Session implements Transport {
  readonly token = randomBytes(24).toString('base64url');
  readonly openedAt = performance.now();
  polledAt = performance.now();
  connection: Connection | null = null;
  ended = false;
  /** Ended by a frame that was not of the protocol. */
  crashed = false;
  readonly #maxBytes: number;
  readonly #counters: Counters;
  #messages: string[] = [];
  #bytes = 0;
  #latest: Latest | null = null;
  #wake: (() => void) | null = null;

  constructor(maxBytes: number, counters: Counters) {
    this.#maxBytes = maxBytes;
    this.#counters = counters;
  }

  /** Bytes cannot travel in the JSON of a poll unless they are UTF-8 by chance: they are skipped. */
  send(frame: Frame): void {
    if (typeof frame.data !== 'string' || this.ended) return;
    if (frame.volatileKey !== null && this.#bytes >= SLOW_BYTES) {
      if ((this.#latest ??= new Latest()).put(frame.volatileKey, frame)) this.#counters.replaced += 1;
      return;
    }
    this.#messages.push(frame.data);
    this.#bytes += frame.data.length;
    if (this.#bytes > this.#maxBytes) this.connection?.close(CLOSE.overload, 'shutdown:slow_consumer');
    this.wake();
  }

  forget(topic: string): void {
    this.#latest?.forget(topic);
  }

  close(code: number): void {
    this.ended = true;
    this.crashed = code === CLOSE.malformed;
    this.wake();
  }

  /** Nothing to hold back: each POST is a request of its own, bounded by its body limit and the mailboxes. */
  pause(): void {}
  resume(): void {}

  wake(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Waits for messages, the end of the session, a later poll or `ms`. */
  async poll(ms: number, signal: AbortSignal): Promise<string[]> {
    this.wake(); // An earlier poll that still waits ends empty.
    this.polledAt = performance.now();
    if (this.#messages.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        this.#wake = done;
        signal.addEventListener('abort', done, { once: true });
      });
      this.polledAt = performance.now();
    }
    if (signal.aborted) return [];
    const messages = this.#messages;
    for (const { data } of this.#latest?.frames() ?? []) messages.push(data as string);
    this.#messages = [];
    this.#bytes = 0;
    this.#latest = null;
    return messages;
  }
}

/** Long polling of one mount (Phoenix.Transports.LongPoll): sessions that GETs read and POSTs write. */
export class LongPoll {
  readonly #sessions = new Map<string, Session>();
  readonly #windowMs: number;
  readonly #tokenTtlMs: number;
  readonly #maxBufferedBytes: number;
  readonly #sweep: NodeJS.Timeout;
  readonly #counters: Counters;

  constructor(mount: Mount, counters: Counters) {
    this.#counters = counters;
    this.#windowMs = mount.longpollWindowMs ?? DEFAULT_WINDOW_MS;
    this.#tokenTtlMs = mount.longpollTokenTtlMs ?? DEFAULT_TOKEN_TTL_MS;
    this.#maxBufferedBytes = mount.maxBufferedBytes ?? 1024 * 1024;
    this.#sweep = setInterval(() => this.#endAbandoned(), this.#windowMs * 1.5).unref();
  }

  stop(): void {
    clearInterval(this.#sweep);
  }

  /**
   * Answers one request of a client.
   * @param admit asks whether a new client may come in
   * @param open makes the connection of a new session
   */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    token: unknown,
    admit: () => Promise<Admitted | Rejected>,
    open: (session: Transport, admitted: Admitted) => Connection,
  ): Promise<void> {
    const session = this.#find(headerText(request.headers['x-phoenix-longpoll-token']) ?? token);
    if (request.method === 'OPTIONS') preflight(request, response);
    else if (request.method === 'GET' && session === null) await this.#start(response, admit, open);
    else if (request.method === 'GET') await this.#poll(session!, response);
    else if (request.method === 'POST') await this.#publish(session, request, response);
    else refuse(response, 400);
  }

  async #start(response: ServerResponse, admit: () => Promise<Admitted | Rejected>, open: (session: Transport, admitted: Admitted) => Connection): Promise<void> {
    const admitted = await admit();
    if (isRejected(admitted)) {
      if (admitted.status === 403) respond(response, { status: 403 });
      else refuse(response, admitted.status);
      return;
    }
    const session = new Session(this.#maxBufferedBytes, this.#counters);
    session.connection = open(session, admitted);
    this.#sessions.set(session.token, session);
    respond(response, { status: 410, token: session.token, messages: [] });
  }

  async #poll(session: Session, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const messages = await session.poll(this.#windowMs, gone.signal);
    if (!gone.signal.aborted) respond(response, { status: messages.length > 0 ? 200 : 204, token: session.token, messages });
  }

  async #publish(session: Session | null, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body: Buffer;
    try {
      body = await readBody(request);
    } catch (error) {
      if (!(error instanceof BodyTooLarge)) return void response.destroy();
      response.setHeader('connection', 'close');
      return refuse(response, 400);
    }
    if (session === null) return respond(response, { status: 410 });
    const frames = splitBatch(body, request.headers['content-type']);
    if (frames === null) return refuse(response, 500);
    for (const { data, binary } of frames) session.connection?.receive(data, binary);
    respond(response, { status: session.crashed ? 408 : 200 });
  }

  #find(token: unknown): Session | null {
    const session = typeof token === 'string' ? this.#sessions.get(token) : undefined;
    if (session === undefined) return null;
    const expired = performance.now() - session.openedAt > this.#tokenTtlMs;
    if (expired) session.connection?.close(CLOSE.disconnected);
    if (!session.ended) return session;
    this.#sessions.delete(session.token);
    return null;
  }

  #endAbandoned(): void {
    const now = performance.now();
    for (const session of this.#sessions.values()) {
      if (now - session.polledAt > this.#windowMs * 1.5) session.connection?.close(CLOSE.disconnected, 'shutdown:closed');
      if (session.ended) this.#sessions.delete(session.token);
    }
  }
}

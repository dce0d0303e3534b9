import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type RawData, type Server } from 'ws';
import { CLOSE } from '../close.ts';
import type { Connection } from '../connection.ts';
import type { Counters } from '../counters.ts';
import type { Frame } from '../message.ts';
import type { Mount } from '../socket.ts';
import { chooseProtocol, offeredProtocols } from './handshake.ts';
import { Latest } from './latest.ts';
import { Outbox, type OutboxOwner } from './outbox.ts';
import type { Transport } from './port.ts';

/** How long a client may take to answer a close frame before its socket is cut, in ms. */
const CLOSE_GRACE_MS = 5_000;

/** What a socket hands over to: a connection, or what stands before it. */
export type Receiver = Pick<Connection, 'receive' | 'close' | 'closed'>;

/** One WebSocket: `ws` reads it, frames are written straight to its socket so that a broadcast is framed once. */
export class WebSocketTransport implements Transport, OutboxOwner {
  readonly #ws: ClientSocket;
  readonly #socket: Duplex & { bytesRead?: number };
  readonly #outbox: Outbox;
  readonly #compressed: boolean;
  readonly #maxBufferedBytes: number;
  readonly #counters: Counters;
  /** Volatile frames that wait for a slow reader. */
  #latest: Latest | null = null;

  constructor(ws: ClientSocket, socket: Duplex, maxBufferedBytes: number, counters: Counters) {
    this.#ws = ws;
    this.#socket = socket;
    this.#outbox = new Outbox(socket, maxBufferedBytes, this);
    this.#compressed = ws.extensions !== '';
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#counters = counters;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead ?? 0;
  }

  send(frame: Frame): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    if (frame.volatileKey !== null && this.#isSlow()) this.#hold(frame.volatileKey, frame);
    else if (this.#compressed) this.#sendCompressed(frame);
    else this.#outbox.add(frame);
  }

  forget(topic: string): void {
    this.#latest?.forget(topic);
  }

  close(code: number): void {
    this.#outbox.flush();
    this.#ws.close(code);
    setTimeout(() => this.#ws.terminate(), CLOSE_GRACE_MS).unref();
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  overflowed(): void {
    this.#ws.connection?.close(CLOSE.overload, 'shutdown:slow_consumer');
  }

  /**
   * The socket waits to drain, or this turn alone has brought half of what may wait. A volatile frame never overtakes one
   * that is held: once one is, all are.
   */
  #isSlow(): boolean {
    if (this.#latest !== null) return true;
    const enough = this.#maxBufferedBytes / 2;
    return this.#compressed ? this.#ws.bufferedAmount >= enough : this.#socket.writableNeedDrain || this.#outbox.pendingBytes >= enough;
  }

  #hold(key: string, frame: Frame): void {
    if (this.#latest === null) {
      this.#latest = new Latest();
      // Behind the write of this turn. Compressed frames are on their way until each of them is told to be sent.
      if (!this.#compressed) setImmediate(() => this.#releaseDrained());
    }
    if (this.#latest.put(key, frame)) this.#counters.replaced += 1;
  }

  #releaseDrained(): void {
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', () => this.#release());
    else this.#release();
  }

  /** As much as the reader keeps up with goes out; the rest is held again. */
  #release(): void {
    const frames = this.#latest?.frames() ?? [];
    this.#latest = null;
    for (const frame of frames) this.send(frame);
  }

  /** Each connection has a compression state of its own: nothing can be shared. */
  #sendCompressed(frame: Frame): void {
    this.#ws.send(frame.data, () => {
      if (this.#latest !== null && this.#ws.bufferedAmount === 0) this.#release();
    });
    if (this.#ws.bufferedAmount > this.#maxBufferedBytes) this.overflowed();
  }
}

/** The WebSocket of a client. It knows its connection, so that all of them share the listeners below. */
class ClientSocket extends WebSocket {
  connection: Receiver | null = null;
}

function onMessage(this: WebSocket, data: RawData, binary: boolean): void {
  (this as ClientSocket).connection?.receive(data as Buffer, binary);
}

function onClose(this: WebSocket): void {
  (this as ClientSocket).connection?.closed('shutdown:closed');
}

/** `ws` answers protocol errors with the right close code itself; `close` follows. */
function onError(): void {}

/**
 * In place of what `ws` does at the end of a client's bytes: it ends the socket again that it ended behind its close frame,
 * and the error that Node makes of that, with its stack trace, is a tenth of what a short connection costs.
 */
function onEnd(this: Duplex): void {
  if (!this.writableEnded) this.end();
}

/** Completes WebSocket handshakes of one mount. */
export class WebSocketUpgrader {
  readonly #server: Server<typeof ClientSocket>;
  readonly #maxBufferedBytes: number;
  readonly #counters: Counters;

  constructor(mount: Mount, counters: Counters) {
    this.#counters = counters;
    this.#maxBufferedBytes = mount.maxBufferedBytes ?? 1024 * 1024;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      WebSocket: ClientSocket,
      perMessageDeflate: mount.compress ?? false,
      maxPayload: mount.maxFrameBytes ?? 10_000_000,
      handleProtocols: (_offered, request) => chooseProtocol(offeredProtocols(request.headers['sec-websocket-protocol'], mount), mount) ?? false,
    });
  }

  /**
   * Nothing of the upgrade outlives it: what the open connection holds must not lead back to the request.
   * @param open makes the connection of the socket; it is closed by the transport's end
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, open: (transport: WebSocketTransport) => Receiver): void {
    acceptableExtensions(request);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      socket.off('end', socket.listeners('end').at(-1) as () => void).on('end', onEnd);
      ws.connection = open(new WebSocketTransport(ws, socket, this.#maxBufferedBytes, this.#counters));
      ws.on('message', onMessage).on('error', onError).on('close', onClose);
    });
  }
}

const DEFLATE_PARAMETERS = new Set(['server_no_context_takeover', 'client_no_context_takeover', 'server_max_window_bits', 'client_max_window_bits']);

/** Drops offers of permessage-deflate with parameters that RFC 7692 does not know; `ws` would refuse the whole handshake. */
function acceptableExtensions({ headers }: IncomingMessage): void {
  if (headers['sec-websocket-extensions'] === undefined) return;
  const offers = headers['sec-websocket-extensions'].split(',').map((offer) => offer.trim());
  const known = offers.filter((offer) => {
    const [name, ...parameters] = offer.split(';').map((part) => part.split('=')[0]!.trim());
    return name !== 'permessage-deflate' || parameters.every((parameter) => DEFLATE_PARAMETERS.has(parameter));
  });
  if (known.length > 0) headers['sec-websocket-extensions'] = known.join(',');
  else delete headers['sec-websocket-extensions'];
}

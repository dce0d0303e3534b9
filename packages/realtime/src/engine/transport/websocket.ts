import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { CLOSE, type Connection, type Transport } from '../connection.ts';
import type { Frame } from '../message.ts';
import type { Mount } from '../socket.ts';
import { wireOf } from './frame.ts';
import { chooseProtocol, offeredProtocols } from './handshake.ts';
import { Outbox } from './outbox.ts';

/** How long a client may take to answer a close frame before its socket is cut, in ms. */
const CLOSE_GRACE_MS = 5_000;

/** One WebSocket: `ws` reads it, frames are written straight to its socket so that a broadcast is framed once. */
export class WebSocketTransport implements Transport {
  readonly #ws: WebSocket;
  readonly #outbox: Outbox;
  readonly #compressed: boolean;
  readonly #maxBufferedBytes: number;
  readonly #onOverflow: () => void;
  /** When the client last sent anything, by `performance.now()`. */
  heardAt = performance.now();

  constructor(ws: WebSocket, socket: Duplex, maxBufferedBytes: number, onOverflow: () => void) {
    this.#ws = ws;
    this.#outbox = new Outbox(socket, maxBufferedBytes, onOverflow);
    this.#compressed = ws.extensions !== '';
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#onOverflow = onOverflow;
  }

  send(frame: Frame): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return;
    if (this.#compressed) this.#sendCompressed(frame);
    else this.#outbox.add(wireOf(frame));
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

  /** Each connection has a compression state of its own: nothing can be shared. */
  #sendCompressed(frame: Frame): void {
    this.#ws.send(frame.data);
    if (this.#ws.bufferedAmount > this.#maxBufferedBytes) this.#onOverflow();
  }
}

/** Completes WebSocket handshakes of one mount. */
export class WebSocketUpgrader {
  readonly #server: WebSocketServer;
  readonly #maxBufferedBytes: number;

  constructor(mount: Mount) {
    this.#maxBufferedBytes = mount.maxBufferedBytes ?? 1024 * 1024;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: mount.compress ?? false,
      maxPayload: mount.maxFrameBytes ?? 10_000_000,
      handleProtocols: (_offered, request) => chooseProtocol(offeredProtocols(request.headers['sec-websocket-protocol'], mount), mount) ?? false,
    });
  }

  /** @param open makes the connection of the socket; it is closed by the transport's end */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, open: (transport: WebSocketTransport) => Connection): void {
    acceptableExtensions(request);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const transport: WebSocketTransport = new WebSocketTransport(ws, socket, this.#maxBufferedBytes, () => {
        connection.close(CLOSE.overload, 'shutdown:slow_consumer');
      });
      const connection = open(transport);
      const heard = (): void => {
        transport.heardAt = performance.now();
      };
      ws.on('message', (data, binary) => {
        heard();
        connection.receive(data as Buffer, binary);
      });
      ws.on('ping', heard);
      ws.on('pong', heard);
      // `ws` answers protocol errors with the right close code itself; `close` follows.
      ws.on('error', () => undefined);
      ws.on('close', () => connection.closed('shutdown:closed'));
    });
  }
}

const DEFLATE_PARAMETERS = new Set(['server_no_context_takeover', 'client_no_context_takeover', 'server_max_window_bits', 'client_max_window_bits']);

/** Drops offers of permessage-deflate with parameters that RFC 7692 does not know; `ws` would refuse the whole handshake. */
function acceptableExtensions({ headers }: IncomingMessage): void {
  const offers = headers['sec-websocket-extensions']?.split(',') ?? [];
  const known = offers.filter((offer) => {
    const [name, ...parameters] = offer.split(';').map((part) => part.split('=')[0]!.trim());
    return name !== 'permessage-deflate' || parameters.every((parameter) => DEFLATE_PARAMETERS.has(parameter));
  });
  if (known.length > 0) headers['sec-websocket-extensions'] = known.join(',');
  else delete headers['sec-websocket-extensions'];
}

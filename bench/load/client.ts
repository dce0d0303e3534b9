import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameReader } from './frames.ts';

/** Every wait of the load generator ends after this, in ms. */
export const PATIENCE_MS = 20_000;
const CLOSE_FRAME = clientFrame('', 8);

/** A lean WebSocket client for load, to the loopback address only. */
export class Client {
  readonly socket: Socket;
  readonly reader = new FrameReader();

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Connects and upgrades. Rejects when the server answers anything but 101. */
  static async open(port: number, path: string): Promise<Client> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => socket.destroy());
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`);
    try {
      const [first] = (await once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [Buffer];
      const end = first.indexOf('\r\n\r\n');
      if (end === -1 || !first.toString('latin1', 0, 12).endsWith('101')) throw new Error(`${path}: no upgrade but ${first.toString('latin1', 0, 40)}`);
      const client = new Client(socket);
      client.reader.read(first.subarray(end + 4));
      socket.on('data', (chunk) => client.reader.read(chunk));
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  send(frame: Buffer): void {
    this.socket.write(frame);
  }

  /** The next frame for which `wanted` holds. */
  frame(wanted: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        this.reader.look = null;
        this.socket.off('close', onClose);
        done();
      };
      const onClose = (): void => settle(() => reject(new Error('the server closed the connection')));
      const timer = setTimeout(() => settle(() => reject(new Error('the server did not answer'))), PATIENCE_MS);
      this.socket.on('close', onClose);
      this.reader.look = (payload) => {
        const text = payload.toString();
        if (wanted(text)) settle(() => resolve(text));
      };
    });
  }

  /** Closes as browsers do: close frame, the server's close frame, end. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.write(CLOSE_FRAME);
    const closed = once(this.socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
    this.socket.once('end', () => this.socket.end());
    await closed;
  }
}

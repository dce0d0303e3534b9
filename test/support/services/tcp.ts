import { randomInt } from 'node:crypto';
import { createConnection } from 'node:net';
import { freePort } from '../../../infra/local/src/ports.ts';

export const HOST = '127.0.0.1';

/**
 * A port that nothing listens on. Below the range from which the systems give ports to clients, so that it is still free
 * when a server that was stopped comes back to it.
 */
export async function serverPort(): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await freePort(randomInt(15_000, 32_000), HOST);
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/**
 * Says `words` to a port and returns what is answered up to the first match of `answer` (in latin1, a character a byte).
 * @throws Error when nobody listens, or no such answer came within `timeoutMs`.
 */
export function converse(port: number, words: string, answer: RegExp, timeoutMs: number): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = createConnection(port, HOST).setEncoding('latin1');
    const fail = (reason: string): void => void socket.destroy(new Error(`Port ${port} ${reason}; it said: ${JSON.stringify(heard)}`));
    const timer = setTimeout(() => fail(`did not answer within ${timeoutMs} ms`), timeoutMs);
    socket.on('data', (text: string) => {
      const match = (heard += text).match(answer);
      if (!match) return;
      resolve(match);
      socket.destroy();
    });
    socket.once('end', () => fail('hung up'));
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
    socket.write(words, 'latin1');
  });
}

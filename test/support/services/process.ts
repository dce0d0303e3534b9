import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnServer, type Guarded } from './guard.ts';
import { converse } from './tcp.ts';

/** RabbitMQ needs about four seconds; a busy machine makes more of them. */
const START_DEADLINE_MS = 60_000;
const ANSWER_DEADLINE_MS = 2_000;
const POLL_MS = 20;

/** What it takes to run a kind of server. */
export interface Recipe {
  name: string;
  /** The command, its environment beyond PATH and HOME (which is the folder), and the port it will listen on. */
  prepare(folder: string): Promise<{ command: readonly string[]; env?: Record<string, string>; port: number }>;
  /** What to say to the port, and what is answered by a server that is ready. */
  hello: { words: string; answer: RegExp };
  url(port: number): string;
}

/** A private server: its own port on 127.0.0.1, its own temporary folder. It ends with this process, however that ends. */
export interface Service {
  /** Stays the same over restarts. */
  readonly url: string;
  /** Its data, and what it wrote, in `log`. */
  readonly folder: string;
  /** Ends the server in good order, if it runs, and removes its folder. */
  stop(): Promise<void>;
  /** Ends the server as a crash would (SIGKILL); nothing listens until `start`. */
  kill9(): Promise<void>;
  /** Starts a server that was killed, over its data, on the same port. */
  start(): Promise<void>;
  /** Ends the server in good order and starts it again, over its data, on the same port. */
  restart(): Promise<void>;
}

/** @throws Error when the program is missing, or the server is not ready in time, with the end of its log. */
export async function startService({ name, prepare, hello, url }: Recipe): Promise<Service> {
  const folder = await mkdtemp(path.join(tmpdir(), `armoricore-${name}-`)); // 0700, as mkdtemp makes them.
  let server: Guarded | undefined;

  const end = async (how: 'terminate' | 'kill9'): Promise<void> => {
    server?.[how]();
    await server?.ended;
    server = undefined;
  };
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 });

  try {
    const { command, env = {}, port } = await prepare(folder);
    const start = async (): Promise<void> => {
      if (server) throw new Error(`${name} runs already`);
      server = spawnServer(command, folder, env);
      try {
        await untilReady(server, () => converse(port, hello.words, hello.answer, ANSWER_DEADLINE_MS));
      } catch (cause) {
        await end('kill9');
        throw new Error(`${name} did not start:\n${await tailOf(path.join(folder, 'log'))}`, { cause });
      }
    };
    await start();
    return {
      url: url(port),
      folder,
      start,
      kill9: () => end('kill9'),
      restart: () => end('terminate').then(start),
      stop: () => end('terminate').then(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function untilReady(server: Guarded, ask: () => Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void server.ended.finally(() => (hasEnded = true)).catch(() => undefined); // Whoever ends the server awaits `ended` itself.
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (cause) {
      if (hasEnded) throw new Error('It ended', { cause });
      if (performance.now() > deadline) throw new Error(`It was not ready within ${START_DEADLINE_MS} ms`, { cause });
    }
    await sleep(POLL_MS);
  }
}

async function tailOf(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '(no log)');
  return text.trimEnd().split('\n').slice(-40).join('\n');
}

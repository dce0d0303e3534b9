import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../packages/realtime/src/node-flags.ts';

const MAIN = fileURLToPath(new URL('../../packages/realtime/src/main.ts', import.meta.url));
const LISTENING = /"address":"(http:[^"]+)","msg":"listening"/;
const START_MS = 30_000;
/** Of what it writes the latest is kept, in characters. */
const MAX_OUTPUT = 100_000;

export interface SpawnedRealtime {
  url: string;
  /** What it wrote, the latest of it. */
  output(): string;
  /** Resolves once it is gone, with its exit code; null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * The realtime process as it is started in earnest, with `env` and the PATH alone.
 * @throws Error with what it wrote, when it does not come to listen
 */
export async function spawnRealtime(env: Record<string, string>): Promise<SpawnedRealtime> {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const listening = Promise.withResolvers<string>();
  let output = '';
  let url: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
      url ??= LISTENING.exec(output)?.[1];
      if (url !== undefined) listening.resolve(url);
    });
  }
  const end: SpawnedRealtime['end'] = async (signal) => {
    child.kill(signal);
    return (await closed)[0];
  };
  const late = setTimeout(() => void end('SIGKILL'), START_MS);
  closed.then(
    ([code]) => listening.reject(new Error(`realtime ended with ${code ?? child.signalCode} before it listened:\n${output}`)),
    (error: unknown) => listening.reject(error),
  );
  try {
    return { url: await listening.promise, output: () => output, end };
  } finally {
    clearTimeout(late);
  }
}

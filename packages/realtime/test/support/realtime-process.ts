import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { NODE_FLAGS } from '../../src/node-flags.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface RealtimeProcess {
  url: string;
  /** All that it wrote so far. */
  output(): string;
  /** Resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** The realtime process as it is started in earnest, on a free port; killed with the test. @throws Error with what it wrote when it ends */
export async function startRealtimeProcess(env: Record<string, string>): Promise<RealtimeProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'armoricore-process-'));
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'test', PORT: '0', STORAGE_DIR: join(dataDir, 'objects'), SECRET_KEY_BASE: 's'.repeat(40), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const end: RealtimeProcess['end'] = async (signal) => {
    child.kill(signal);
    return (await exit)[0];
  };
  onTestFinished(async () => {
    await end('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });
  let output = '';
  const listening = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output += `${line}\n`;
      const [, address] = /"address":"([^"]+)","msg":"listening"/.exec(line) ?? [];
      if (address !== undefined) listening.resolve(address);
    });
  }
  child.once('close', () => listening.reject(new Error(output)));
  return { url: await listening.promise, output: () => output, end };
}

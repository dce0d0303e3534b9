import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { NODE_FLAGS } from '@armoricore/realtime/node-flags';
import { phoenix, raw, socketio, type Protocol } from './protocols.ts';

/** What is compared. Scripts print `… 127.0.0.1:PORT …` once they listen. */
export const SERVERS: Record<string, { script: string; args: string[]; nodeFlags?: readonly string[]; protocol: Protocol }> = {
  engine: { script: '../server.ts', args: ['--port', '0'], nodeFlags: NODE_FLAGS, protocol: phoenix },
  'raw-ws': { script: '../peers/raw-ws.mjs', args: ['0'], protocol: raw },
  'raw-ws-preframed': { script: '../peers/raw-ws-preframed.mjs', args: ['0'], protocol: raw },
  'socket.io': { script: '../peers/socketio.mjs', args: ['0'], protocol: socketio },
};

const TASKSET = '/usr/bin/taskset';
const START_MS = 15_000;
const CLOCK_TICKS_PER_SECOND = 100;

/** Leaves the first core to the servers. */
export function pinGenerator(): void {
  if (availableParallelism() > 1 && existsSync(TASKSET)) spawnSync(TASKSET, ['-apc', `1-${availableParallelism() - 1}`, String(process.pid)]);
}

/** A server under load, in a process of its own: on the first core where the system lets us say so. */
export class ServerProcess {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name;
    this.protocol = SERVERS[name]!.protocol;
    this.port = port;
    this.#child = child;
  }

  static async start(name: string): Promise<ServerProcess> {
    const { script, args, nodeFlags = [] } = SERVERS[name]!;
    const command = [process.execPath, ...nodeFlags, new URL(script, import.meta.url).pathname, ...args];
    if (existsSync(TASKSET)) command.unshift(TASKSET, '-c', '0');
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(START_MS) })) as [Buffer];
    const port = /127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1];
    if (port === undefined) throw new Error(`${name} did not say where it listens: ${line.toString()}`);
    return new ServerProcess(name, Number(port), child);
  }

  /** Processor time so far, in seconds; NaN where there is no /proc. */
  cpuSeconds(): number {
    const fields = this.#proc('stat').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
  }

  /** Resident memory in bytes; NaN where there is no /proc. */
  rssBytes(): number {
    return Number(/VmRSS:\s+(\d+) kB/.exec(this.#proc('status'))?.[1] ?? NaN) * 1024;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL'); // Nothing to save, and draining is not what is measured.
    await ended;
  }

  #proc(file: string): string {
    const path = `/proc/${this.#child.pid}/${file}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }
}

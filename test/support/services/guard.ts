import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Writable } from 'node:stream';

/**
 * Runs a server until descriptor 3 says `term` or `kill`, or reaches its end without a word because we died, even by
 * kill -9. In the latter case the folder goes as well. The last line ends what the server left running and the guard itself.
 */
const SCRIPT = `
folder=$1 patience=$2
shift 2
"$@" 3<&- >>"$folder/log" 2>&1 &
pid=$!
(
  read -r word <&3 || : >"$folder/abandoned"
  [ "$word" = kill ] || { kill -TERM "$pid"; sleep "$patience"; }
  kill -KILL "$pid"
) 2>/dev/null &
wait "$pid"
[ ! -e "$folder/abandoned" ] || rm -rf -- "$folder"
kill -KILL 0
`;

/** How long a server may take to end when it is asked to. */
const PATIENCE_SECONDS = 10;

/** Debian keeps servers where not every user looks; its /usr/sbin/rabbitmq-server insists on a system user, the one in lib does not. */
const PATH = ['/usr/lib/rabbitmq/bin', process.env['PATH'], '/usr/sbin', '/sbin'].join(path.delimiter);

export interface Guarded {
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<void>;
  /** Asks the server to end (SIGTERM), and after a while ends it. */
  terminate(): void;
  /** Ends the server at once (SIGKILL). */
  kill9(): void;
}

/**
 * Starts a server in `folder`, with nothing of our environment but PATH, in a session of its own (a Ctrl-C in the terminal
 * does not reach it) that ends with this process. What the server writes goes to `log` in the folder.
 */
export function spawnServer(command: readonly string[], folder: string, env: Record<string, string>): Guarded {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'guard', folder, String(PATIENCE_SECONDS), ...command], {
    cwd: folder,
    env: { LC_ALL: 'C', PATH, HOME: folder, ...env },
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const lifeline = child.stdio[3] as Writable;
  lifeline.on('error', () => undefined); // The server ended first.
  return { ended: endOf(child), terminate: () => lifeline.end('term\n'), kill9: () => lifeline.end('kill\n') };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => child.once('exit', () => resolve()).once('error', reject));
}

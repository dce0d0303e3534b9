import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Processes that are killed and replaced. */
export interface Crew {
  readonly kills: number;
  /** SIGKILL to one of them, chosen at random; another takes its place. */
  killOne(): Promise<void>;
  stop(): Promise<void>;
  /** What they wrote to standard error. */
  said(): string;
}

/** Starts `size` processes of `node script …args`. They end with this one's IPC channel at the latest. */
export function startCrew(script: string, args: readonly string[], size = 3): Crew {
  let said = '';
  let kills = 0;
  let stopping = false;
  const members: ChildProcess[] = [];

  const recruit = (place: number): void => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-20_000)));
    child.on('exit', () => void (!stopping && recruit(place)));
    members[place] = child;
  };
  for (let place = 0; place < size; place++) recruit(place);

  return {
    get kills() {
      return kills;
    },
    said: () => said,
    async killOne() {
      const child = members[Math.floor(Math.random() * size)]!;
      const gone = once(child, 'exit');
      if (!child.kill('SIGKILL')) return;
      kills += 1;
      await gone;
    },
    async stop() {
      stopping = true;
      await Promise.all(
        members.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const gone = once(child, 'exit');
          child.kill('SIGKILL');
          await gone;
        }),
      );
    },
  };
}

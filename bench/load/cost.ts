import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a program and all that it started took. */
export interface Cost {
  cpuS: number;
  wallS: number;
}

/**
 * Runs a program to its end and tells its cost; the shell's `times` counts the children of children as well.
 * @throws Error with what the program said when it fails
 */
export async function measured(program: string, args: readonly string[]): Promise<Cost> {
  const dir = await mkdtemp(path.join(tmpdir(), 'cost-'));
  try {
    const told = path.join(dir, 'times');
    const begun = performance.now();
    const child = spawn('sh', ['-c', '"$@"; code=$?; times > "$TOLD"; exit $code', 'sh', program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TOLD: told },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
    const wallS = (performance.now() - begun) / 1000;
    const children = (await readFile(told, 'utf8')).trim().split('\n').at(-1) ?? '';
    const cpuS = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
    return { cpuS, wallS };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

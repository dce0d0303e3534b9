import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import * as engine from '../../src/engine/index.ts';
import { DEVIATIONS } from '../conformance/deviations.ts';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(`${PACKAGE}/src/engine/README.md`, 'utf8');

/** The first code block of a language. */
function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'm').exec(readme)![1]!;
}

/** Runs a program from standard input, as if it were a file of this package. */
function run(code: string): { output: () => string } {
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module-typescript', '-'], { cwd: PACKAGE, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin!.end(code);
  return { output: () => output };
}

it('has an example that runs: a server, and phoenix.js as its client', async () => {
  const server = run(block('ts').replace('4000', '0'));
  const port = await waitFor(() => /port: (\d+)/.exec(server.output())?.[1], { what: 'the server of the example' }).catch((error: Error) => {
    throw new Error(`${error.message}: ${server.output()}`);
  });
  const client = run(block('js').replace('4000', port));
  await waitFor(() => client.output() !== '', { what: 'a line of the client' });
  expect(client.output()).toBe('Ada: hello\n');
}, 30_000);

it('lists the deviations that the conformance run knows, and no others', () => {
  const listed = [...readme.matchAll(/^\| `([a-z0-9]+\/\w+)` \|/gm)].map((match) => match[1]);
  expect(listed.toSorted()).toEqual(DEVIATIONS.toSorted());
});

it('is about an engine of at most fifteen exports', () => {
  const source = readFileSync(`${PACKAGE}/src/engine/index.ts`, 'utf8');
  const names = [...source.matchAll(/\{([^}]*)\}/g)].flatMap((match) => match[1]!.split(',')).map((name) => name.replace('type ', '').trim());
  expect(names.length).toBeLessThanOrEqual(15);
  expect(names).toEqual(expect.arrayContaining(Object.keys(engine)));
});

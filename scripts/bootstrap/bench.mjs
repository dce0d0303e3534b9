import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Failure, ROOT } from './command.mjs';

/** The script of the benchmark that is named first (`sockets` when none is), with the other arguments. */
export function benchmarkScript(args) {
  const [name, ...rest] = args[0] === undefined || args[0].startsWith('-') ? ['sockets', ...args] : args;
  const names = readdirSync(path.join(ROOT, 'bench'))
    .filter((file) => file.endsWith('.ts') && file !== 'server.ts') // That one is what is measured.
    .map((file) => file.slice(0, -3));
  if (!names.includes(name)) throw new Failure(`There is no benchmark ${name}; there are: ${names.join(', ')}`);
  return [path.join('bench', `${name}.ts`), ...rest];
}

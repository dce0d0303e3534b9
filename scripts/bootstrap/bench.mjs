import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Failure, ROOT } from './command.mjs';

/** The script of the benchmark that is named first, with the other arguments. */
export function benchmarkScript([name = '', ...args]) {
  const names = readdirSync(path.join(ROOT, 'bench')).filter((file) => file.endsWith('.ts')).map((file) => file.slice(0, -3));
  if (!names.includes(name)) throw new Failure(`Name a benchmark: npm run bench -- NAME; there are: ${names.join(', ') || 'none yet'}`);
  return [path.join('bench', `${name}.ts`), ...args];
}

/** Holds the sources of the packages against the layers of ARCHITECTURE.md; exit code 1 and a line per fault when they differ. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkFile } from './layers/check.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

const files = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: ROOT });
const faults = files.flatMap((file) => checkFile(file.replaceAll(path.sep, '/'), readFileSync(path.join(ROOT, file), 'utf8')));
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length > 0 || files.length === 0 ? 1 : 0;

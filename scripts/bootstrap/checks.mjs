import { Failure, NODE, runQuietly, say } from './command.mjs';

/** What is checked without running the product. Node programs are named by their file: it is our Node that runs them. */
const CHECKS = [
  { name: 'layers', args: ['scripts/check-layers.ts'] },
  { name: 'lint', args: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-b'] },
  { name: 'types of tests', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.tests.json'] },
];

/** Runs the static checks: a short line for each that is fine, the whole output of one that is not. */
export async function runChecks() {
  for (const { name, args } of CHECKS) {
    const startedAt = performance.now();
    const { code, output } = await runQuietly(NODE, args);
    if (code !== 0) throw new Failure(`${output}The check of ${name} failed.`);
    say(`✓ ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }
}

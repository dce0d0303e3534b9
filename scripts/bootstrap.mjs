/**
 * The door of the repository: `node scripts/bootstrap.mjs start | test | demo | keys | bench | chaos [arguments]`. Runs on Node 20
 * without a dependency; brings in what is missing (packages, system programs, the built page), then hands over to the
 * Node of the repository.
 */
import path from 'node:path';
import { benchmarkScript } from './bootstrap/bench.mjs';
import { runChecks } from './bootstrap/checks.mjs';
import { Failure, ROOT } from './bootstrap/command.mjs';
import { handOver } from './bootstrap/hand-over.mjs';
import { installPackages } from './bootstrap/packages.mjs';
import { offerPrograms, requirePrograms } from './bootstrap/programs.mjs';
import { buildPage } from './bootstrap/web.mjs';

const BROKERS = ['redis', 'nats', 'rabbitmq'];

const COMMANDS = {
  start: async (args) => {
    await requirePrograms(['ffmpeg', 'ffprobe']);
    // With an API for it, nothing is recognised on this machine.
    if (!process.env.OPENAI_API_KEY && !process.env.OPENAI_BASE_URL) await offerPrograms(['pocketsphinx'], 'there are no captions');
    await buildPage();
    return handOver(['infra/local/src/main.ts', ...args]);
  },
  test: async (args) => {
    await requirePrograms(['ffmpeg', 'ffprobe', 'chromium', 'pocketsphinx', 'flite', ...BROKERS]);
    await runChecks();
    await buildPage();
    return handOver(['node_modules/vitest/vitest.mjs', 'run', ...args]);
  },
  // A file is named as seen from where the user stands, not from the root to which npm goes.
  demo: async (args) => handOver([path.join(ROOT, 'scripts/demo.ts'), ...args], process.env.INIT_CWD),
  keys: async (args) => handOver([path.join(ROOT, 'scripts/keys.ts'), ...args], process.env.INIT_CWD),
  bench: async (args) => {
    await requirePrograms(['ffmpeg', 'ffprobe', ...BROKERS]);
    return handOver(benchmarkScript(args));
  },
  chaos: async (args) => {
    await requirePrograms(BROKERS);
    return handOver(['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.chaos.config.ts', ...args]);
  },
};

const [name = '', ...args] = process.argv.slice(2);
try {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new Failure(`Unknown command "${name}"; there are: ${Object.keys(COMMANDS).join(', ')}`);
  await installPackages();
  process.exitCode = await command(args);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`${error.message}\n`);
  if (name === 'test') process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}

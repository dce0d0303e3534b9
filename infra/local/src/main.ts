/**
 * Runs the whole product on this machine: embedded PostgreSQL (unless DATABASE_URL names a server), migrations, and the
 * processes realtime and jobs. With --watch the processes are restarted when their sources change.
 */
import { ConfigError, readEnvironment } from '@armoricore/shared/config';
import { createLog, describeError } from '@armoricore/shared/kernel';
import { launch } from './launch.ts';
import { createOutput } from './output.ts';
import { readSettings } from './settings.ts';

/** sysexits.h: something was found in an unconfigured or misconfigured state. */
const EX_CONFIG = 78;

/** A Ctrl-C reaches us twice when whoever started us passes it on as well. */
const SAME_WISH_MS = 1_000;

/** Resolves when we are asked to stop. Asked again later, we go at once: our children and PostgreSQL end by themselves then. */
function untilAskedToStop(): Promise<string> {
  const asked = Promise.withResolvers<string>();
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      firstAt ??= performance.now();
      if (performance.now() - firstAt > SAME_WISH_MS) process.exit(130);
      asked.resolve(signal);
    });
  }
  process.stdout.on('error', () => asked.resolve('nobody reads what we write'));
  process.once('disconnect', () => asked.resolve('whoever started us is gone'));
  return asked.promise;
}

async function main(): Promise<number> {
  const askedToStop = untilAskedToStop();
  await using parts = new AsyncDisposableStack();
  try {
    const env = readEnvironment();
    const settings = readSettings(env);
    const output = createOutput(process.stdout);
    const log = createLog('launcher', settings.LOG_LEVEL, output);
    const launched = launch({ env, settings, output, log, watch: process.argv.includes('--watch') }, parts);
    const why = await Promise.race([askedToStop, launched]);
    log.info({ why }, 'stopping');
    return 0;
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return error instanceof ConfigError ? EX_CONFIG : 1;
  }
}

process.exit(await main());

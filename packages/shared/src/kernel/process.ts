import { describeError } from './errors.ts';
import type { Log } from './log.ts';
import { startServices, type Service } from './services.ts';

export interface ProcessOptions {
  log: Log;
  services: readonly Service[];
  /** How long each service may take to stop, in ms. */
  stopDeadlineMs?: number;
}

/**
 * Runs services as this process until SIGTERM, SIGINT or, under a supervisor, until its IPC channel closes (the
 * supervisor died: nobody would stop us). Tells the supervisor `{type: 'ready'}` when all have started.
 * A promise rejection or exception that nobody handled ends the process with code 1, after an ordered stop.
 */
export async function runProcess({ log, services, stopDeadlineMs }: ProcessOptions): Promise<void> {
  const starting = startServices(services, { log, ...(stopDeadlineMs === undefined ? {} : { stopDeadlineMs }) });

  const stop = (code: number, why: string): void => {
    log.info({ why }, 'stopping');
    starting
      .then((running) => running.stop())
      .then(
        (failed) => process.exit(failed.length > 0 && code === 0 ? 1 : code),
        () => process.exit(1),
      );
  };
  process.once('SIGTERM', () => stop(0, 'SIGTERM'));
  process.once('SIGINT', () => stop(0, 'SIGINT'));
  process.once('disconnect', () => stop(0, 'the supervisor is gone'));
  process.once('uncaughtException', (error) => {
    log.fatal({ err: error, reason: describeError(error) }, 'uncaught');
    stop(1, 'uncaught exception');
  });
  await starting;
  process.send?.({ type: 'ready' });
}

import { ConfigError } from '@armoricore/shared/config';
import { withDeadline, type Log } from '@armoricore/shared/kernel';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup, spawnChild, type Child, type ChildSpec } from './child.ts';

/** EX_CONFIG of sysexits.h: the configuration is wrong, and starting again will not make it right. */
const EX_CONFIG = 78;

export interface SupervisorOptions {
  log: Log;
  /** Between SIGTERM and SIGKILL, in ms. */
  stopGraceMs: number;
  /** The first wait before a restart, in ms; doubles with each failure in a row. */
  baseMs?: number;
  /** The longest wait before a restart, in ms. */
  maxMs?: number;
  /** A child that ran this long, in ms, counts as healthy: its next failure is a first one. */
  healthyMs?: number;
}

export interface Supervised {
  name: string;
  /** Resolves when the child is ready for the first time. */
  ready: Promise<void>;
  /** Resolves after `stop`. Rejects when restarting is no use: a ConfigError when the child refuses its configuration at first. */
  ended: Promise<void>;
  /** The process id of the child that runs now. */
  pid(): number | undefined;
  /** Stops the child in order and starts it again at once: its sources changed. */
  restart(): void;
  /** Stops the child: SIGTERM, and SIGKILL to it and its own children after the grace. */
  stop(): Promise<void>;
}

/** Keeps a child process running until `stop`. What a child leaves running in its process group is killed with it. */
export function supervise(spec: ChildSpec, options: SupervisorOptions): Supervised {
  const { log, stopGraceMs, baseMs = 200, maxMs = 10_000, healthyMs = 30_000 } = options;
  const ready = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let child: Child | undefined;
  let pause = new AbortController();
  let everReady = false;
  let restarting = false;

  function start(): Child {
    const startedAt = performance.now();
    return spawnChild(spec, () => {
      log.info({ child: spec.name, ms: Math.round(performance.now() - startedAt) }, 'ready');
      everReady = true;
      ready.resolve();
    });
  }

  async function keepRunning(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      restarting = false;
      const startedAt = performance.now();
      child = start();
      const { code, signal } = await child.exited;
      killGroup(child);
      child = undefined;
      if (!stopping.signal.aborted && !restarting) {
        if (code === EX_CONFIG && !everReady) throw new ConfigError([`${spec.name} refuses its configuration; its lines above say why`]);
        failures = performance.now() - startedAt >= healthyMs ? 1 : failures + 1;
        const waitMs = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
        log.warn({ child: spec.name, code, signal, failures, waitMs }, 'ended unexpectedly; will be started again');
        pause = new AbortController();
        await sleep(waitMs, undefined, { signal: AbortSignal.any([stopping.signal, pause.signal]) }).catch(() => undefined);
      }
      if (restarting) failures = 0;
    }
  }

  const ended = keepRunning();
  ended.catch(() => undefined); // Whoever wants to know awaits it.

  async function terminate(): Promise<void> {
    const target = child;
    if (!target) return;
    target.process.kill('SIGTERM');
    try {
      await withDeadline(target.exited, stopGraceMs, 'still there');
    } catch {
      log.warn({ child: spec.name, stopGraceMs }, 'did not stop in time; killed');
      killGroup(target);
    }
  }

  return {
    name: spec.name,
    ready: ready.promise,
    ended,
    pid: () => child?.process.pid,
    restart: () => {
      restarting = true;
      pause.abort();
      terminate().catch((error: unknown) => log.error({ err: error }, 'restart failed'));
    },
    stop: async () => {
      stopping.abort();
      await terminate();
      await ended.catch(() => undefined); // Told to whoever awaits `ended`.
    },
  };
}

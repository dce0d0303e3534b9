import { MEDIA_STAGES, type MediaStage } from '@armoricore/shared/events';

/** Least time between two reports, in ms. */
const INTERVAL_MS = 500;

/** Where each stage begins, in percent of the whole job; it ends where the next begins. */
const BEGINS: Record<MediaStage, number> = { queued: 0, probe: 0, transcode: 2, poster: 88, upload: 90, publish: 99 };

export interface Progress {
  stage: MediaStage;
  /** Of the whole job, 0 to 100; it never falls. */
  percent: number;
  /** Estimate, in ms. */
  remaining_ms?: number;
}

export interface ProgressReporter {
  /** `fraction` (0 to 1) is how much of the stage is done. */
  update(stage: MediaStage, fraction: number): void;
  /** Ends reporting; resolves when the last report went out. */
  close(): Promise<void>;
}

/**
 * Sends progress that changed, at most every 500 ms, the newest when several came; one report at a time.
 * @param options.floor the percent that an earlier try reached @param options.send may reject; `onError` then gets the reason
 */
export function createProgress(options: {
  floor: number;
  send: (progress: Progress) => Promise<void>;
  onError: (error: unknown) => void;
  now?: () => number;
}): ProgressReporter {
  const { send, onError, now = () => performance.now() } = options;
  const begun = now();
  let percent = options.floor;
  let own = 0;
  let latest: Progress | undefined;
  let told = '';
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let sentAt = -Infinity;
  let closed = false;

  function schedule(): void {
    if (closed || timer !== undefined || sending !== undefined) return;
    timer = setTimeout(dispatch, Math.max(0, sentAt + INTERVAL_MS - now()));
  }

  function dispatch(): void {
    timer = undefined;
    if (latest === undefined) return;
    const progress = latest;
    latest = undefined;
    sentAt = now();
    sending = send(progress)
      .catch(onError)
      .finally(() => {
        sending = undefined;
        if (latest !== undefined) schedule();
      });
  }

  return {
    update(stage, fraction) {
      own = Math.max(own, percentOf(stage, fraction));
      percent = Math.max(percent, own);
      const rounded = Math.round(percent * 10) / 10;
      if (told === `${stage} ${rounded}`) return;
      told = `${stage} ${rounded}`;
      latest = { stage, percent: rounded, ...remaining(now() - begun, own) };
      schedule();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await sending;
    },
  };
}

function percentOf(stage: MediaStage, fraction: number): number {
  const next = MEDIA_STAGES[MEDIA_STAGES.indexOf(stage) + 1];
  const end = next === undefined ? 100 : BEGINS[next];
  return BEGINS[stage] + (end - BEGINS[stage]) * Math.min(1, Math.max(0, fraction));
}

/** Nothing before there is enough to go by. */
function remaining(elapsedMs: number, percent: number): { remaining_ms?: number } {
  if (percent < 5 || elapsedMs < 1_000) return {};
  return { remaining_ms: Math.round((elapsedMs * (100 - percent)) / percent) };
}

import { MEDIA_STAGES, type MediaStage } from '@armoricore/shared/events';

/** Least time between two reports, in ms. */
const INTERVAL_MS = 500;

/** An estimate needs so much done, in percent, and so much time gone. */
const LEAST_DONE = 3;
const LEAST_ELAPSED_MS = 1_000;

/** Where each stage begins, in percent of the whole job; it ends where the next begins. */
const BEGINS: Record<MediaStage, number> = { queued: 0, probe: 0, transcode: 2, poster: 88, upload: 90, publish: 99 };

export interface Progress {
  stage: MediaStage;
  /** Of the whole job, 0 to 100; it never falls. */
  percent: number;
  /** Estimate, in ms. */
  remaining_ms?: number;
  /** Players may begin. */
  playable: boolean;
}

export interface ProgressReporter {
  /** `fraction` (0 to 1) is how much of the stage is done. */
  update(stage: MediaStage, fraction: number): void;
  /** Players may begin from now on. */
  playable(): void;
  /** Ends reporting; resolves when the last report went out. */
  close(): Promise<void>;
}

/**
 * Sends progress that changed, at most every 500 ms, the newest when several came; one report at a time.
 * @param options.floor the percent that an earlier try reached @param options.playable whether it was playable then
 * @param options.send may reject; `onError` then gets the reason
 */
export function createProgress(options: {
  floor: number;
  playable: boolean;
  send: (progress: Progress) => Promise<void>;
  onError: (error: unknown) => void;
  now?: () => number;
}): ProgressReporter {
  const { send, onError, now = () => performance.now() } = options;
  const pace = createPace();
  let { floor: percent, playable } = options;
  let stage: MediaStage = 'probe';
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

  function tell(): void {
    const rounded = Math.round(percent * 10) / 10;
    const news = `${stage} ${rounded} ${playable}`;
    if (told === news) return;
    told = news;
    latest = { stage, percent: rounded, ...pace(now(), own), playable };
    schedule();
  }

  return {
    update(at, fraction) {
      stage = at;
      own = Math.max(own, percentOf(at, fraction));
      percent = Math.max(percent, own);
      tell();
    },
    playable() {
      playable = true;
      tell();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await sending;
    },
  };
}

/** The percent of the whole job at which a fraction (0 to 1) of a stage is done. */
export function percentOf(stage: MediaStage, fraction: number): number {
  const next = MEDIA_STAGES[MEDIA_STAGES.indexOf(stage) + 1];
  const end = next === undefined ? 100 : BEGINS[next];
  return BEGINS[stage] + (end - BEGINS[stage]) * Math.min(1, Math.max(0, fraction));
}

/**
 * Tells what remains by the pace since the encoder began, or since it was first asked: what came before (a download, a look at the
 * file) says nothing of how fast it will be. Nothing before there is enough to go by.
 */
export function createPace(): (nowMs: number, percent: number) => { remaining_ms?: number } {
  let from: { ms: number; percent: number } | undefined;
  return (nowMs, percent) => {
    if (from === undefined || percent <= BEGINS.transcode) from = { ms: nowMs, percent };
    const [elapsed, done] = [nowMs - from.ms, percent - from.percent];
    if (done < LEAST_DONE || elapsed < LEAST_ELAPSED_MS) return {};
    return { remaining_ms: Math.round((elapsed * (100 - percent)) / done) };
  };
}

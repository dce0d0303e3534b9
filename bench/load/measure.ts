import type { ServerProcess } from './server.ts';

/** Times in ms, for quantiles. */
export class Latencies {
  readonly #all: number[] = [];

  add(ms: number): void {
    this.#all.push(ms);
  }

  quantile(share: number): number {
    const sorted = this.#all.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  }
}

/** What a server's processor did between two moments. */
export class Stopwatch {
  readonly #server: ServerProcess;
  readonly #cpu: number;
  readonly #at = performance.now();

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#cpu = server.cpuSeconds();
  }

  get seconds(): number {
    return (performance.now() - this.#at) / 1000;
  }

  /** Processor seconds for a million of what was done `count` times. */
  cpuPerMillion(count: number): number {
    return ((this.#server.cpuSeconds() - this.#cpu) / count) * 1e6;
  }
}

/** A JSON object of about `bytes` with the time at which it was due. */
export function stamped(bytes: number, due: number): string {
  const start = `{"ts":${due.toFixed(3)},"pad":"`;
  return `${start}${'x'.repeat(Math.max(0, bytes - start.length - 2))}"}`;
}

const MARK = Buffer.from('"ts":');

/** How long ago a payload was due, in ms. */
export function ageOf(payload: Buffer): number {
  const at = payload.indexOf(MARK);
  return performance.now() - Number.parseFloat(payload.toString('latin1', at + MARK.length, at + MARK.length + 16));
}

const WINDOW_MS = 4_000;
const SETTLE_MS = 400;

/** The speed of a transfer over its last four seconds. */
export class RateMeter {
  readonly #samples: { at: number; bytes: number }[] = [];

  /** Takes the bytes sent so far at time `at` (ms). Returns bytes per second, or null while there is too little to tell. */
  add(at: number, bytes: number): number | null {
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW_MS) this.#samples.shift();
    const first = this.#samples[0];
    if (first === undefined || at - first.at < SETTLE_MS) return null;
    return ((bytes - first.bytes) * 1000) / (at - first.at);
  }
}

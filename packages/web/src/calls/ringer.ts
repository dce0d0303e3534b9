/** A ring lasts so long, and comes again after so long, in s. */
const RING_S = 0.9;
const EVERY_S = 2.4;
/** Two tones that are heard as one, in Hz. */
const TONES = [440, 554];
const VOLUME = 0.05;

/** The sound of a call that rings. A browser that nobody has touched yet keeps it silent. */
export class Ringer {
  readonly #context = new AudioContext();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#ring();
    this.#timer = setInterval(() => this.#ring(), EVERY_S * 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#context.close();
  }

  #ring(): void {
    const { currentTime: start, destination } = this.#context;
    const gain = this.#context.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + 0.05);
    gain.gain.setValueAtTime(VOLUME, start + RING_S - 0.1);
    gain.gain.linearRampToValueAtTime(0, start + RING_S);
    gain.connect(destination);
    for (const frequency of TONES) {
      const tone = this.#context.createOscillator();
      tone.frequency.value = frequency;
      tone.connect(gain);
      tone.start(start);
      tone.stop(start + RING_S);
    }
  }
}

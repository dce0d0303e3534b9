/** Plays what one peer says. It is no element of the page, so that it goes on whichever screen is shown. */
export class Speaker {
  readonly #audio = new Audio();
  readonly #off = new AbortController();

  constructor(stream: MediaStream) {
    this.#audio.srcObject = stream;
    void this.#play();
  }

  stop(): void {
    this.#off.abort();
    this.#audio.pause();
    this.#audio.srcObject = null;
  }

  /** A browser that nobody has touched plays nothing: then the next touch starts it. */
  async #play(): Promise<void> {
    try {
      await this.#audio.play();
    } catch (error) {
      if (this.#off.signal.aborted || !(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      for (const type of ['pointerdown', 'keydown']) {
        window.addEventListener(type, () => void this.#play(), { once: true, signal: this.#off.signal });
      }
    }
  }
}

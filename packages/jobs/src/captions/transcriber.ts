/** A word that was heard. Times are in ms. */
export interface Word {
  text: string;
  startMs: number;
  endMs: number;
  /** 0 to 1, where the recogniser tells. */
  confidence?: number;
}

/** What was said in a piece of sound; times count from its beginning. */
export interface Transcript {
  words: Word[];
  /** The language that was recognised, as a tag (BCP 47); undefined when the recogniser does not tell. */
  language: string | undefined;
}

/**
 * Turns speech into words.
 * What it promises: it takes mono WAV of 16 kHz, ends within its time limit, ends soon when the signal aborts, and its words may be
 * wrong in any way: whoever calls checks texts and times.
 */
export interface Transcriber {
  /** For the log. */
  readonly name: string;
  /**
   * @param file absolute path @param options.language tag of what is spoken, when it is known
   * @throws AppError `language_unsupported`, `transcriber_missing`, `service_refused`, `service_failed`, `unavailable` with
   *   `retry_after_ms` when it is known; the reason of the signal
   */
  transcribe(file: string, options: { language: string | undefined; signal: AbortSignal }): Promise<Transcript>;
  /** Whether it can be used at all. @throws AppError `transcriber_missing` */
  ready(): Promise<void>;
}

/** A stretch of time, in ms. */
export interface Span {
  startMs: number;
  endMs: number;
}

/** Finds where somebody speaks. Music and noise are no speech. */
export interface VoiceDetector {
  /**
   * Spans of speech in order, pauses left out.
   * @param sound raw mono samples of 16 kHz, 16 bit little endian
   * @throws AppError `transcriber_missing` when it cannot run on this machine
   */
  detect(sound: AsyncIterable<Uint8Array>): Promise<Span[]>;
}

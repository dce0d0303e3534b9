import { AppError } from '@armoricore/shared/kernel/errors'; // Not the whole kernel: the engine loads in no time.

/**
 * Thrown by `connect`, `join` or an event handler to say no. The client gets `error {reason: code, ...details}` and the
 * channel lives on; anything else that is thrown crashes the channel.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, details: Record<string, unknown> = {}) {
    super(code);
    this.code = code;
    this.details = details;
  }

  /** The response of the error reply. */
  toResponse(): Record<string, unknown> {
    return { ...this.details, reason: this.code };
  }
}

/** The refusal in what was thrown: itself, or a typed error of the product; null for a crash. */
export function refusalOf(thrown: unknown): Refusal | null {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof AppError && thrown.code !== 'internal') return new Refusal(thrown.code, { ...thrown.details });
  return null;
}

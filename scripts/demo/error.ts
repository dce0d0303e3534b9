/** Why there is no stream: a code for programs, a sentence for people, and the media when there is one already. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
  readonly reason: string;
  readonly mediaId: string | null;

  constructor(reason: string, message: string, mediaId: string | null = null) {
    super(message);
    this.reason = reason;
    this.mediaId = mediaId;
  }

  /** The same error, told of a media. */
  of(mediaId: string): DemoError {
    return new DemoError(this.reason, this.message, mediaId);
  }
}

/** The error that an answer with status 4xx or 5xx stands for. */
export function refusal(status: number, body: string): DemoError {
  try {
    const { reason, message } = JSON.parse(body) as { reason?: unknown; message?: unknown };
    if (typeof reason === 'string') return new DemoError(reason, typeof message === 'string' ? message : '');
  } catch {
    // Not JSON: written by something between the server and us.
  }
  return new DemoError('unavailable', `The server answered with status ${status}.`);
}

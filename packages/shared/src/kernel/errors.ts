/**
 * The one table of errors that leave the product: in a channel reply as `{reason}`, over REST as
 * `{reason, message}` with the status, in a dead letter as its reason. docs/errors.md lists the same codes
 * (a test holds the two together, both ways).
 */
export const ERRORS = {
  // Asking wrongly
  invalid_payload: { status: 422, class: 'permanent', message: 'The payload does not have the shape that is allowed here.' },
  invalid_event: { status: 422, class: 'permanent', message: 'The event envelope is malformed.' },
  unknown_event_type: { status: 422, class: 'permanent', message: 'There is no event of this type.' },
  event_id_conflict: { status: 409, class: 'permanent', message: 'An event with this event_id but another content was published before.' },
  payload_too_large: { status: 413, class: 'permanent', message: 'The payload is larger than what is allowed here.' },
  not_found: { status: 404, class: 'permanent', message: 'There is nothing under this name.' },
  method_not_allowed: { status: 405, class: 'permanent', message: 'This path does not take this method.' },
  key_exists: { status: 409, class: 'permanent', message: 'There is a key of this name: rotate it.' },
  key_unreadable: { status: 500, class: 'permanent', message: 'A stored key does not open with this master key.' },
  not_replayable: { status: 409, class: 'permanent', message: 'This dead letter cannot be handed out once more.' },
  // Who asks
  unauthorized: { status: 401, class: 'permanent', message: 'A valid token is needed.' },
  token_expired: { status: 401, class: 'permanent', message: 'The token has expired.' },
  token_revoked: { status: 401, class: 'permanent', message: 'The token has been revoked.' },
  forbidden: { status: 403, class: 'permanent', message: 'This token may not do that.' },
  source_not_allowed: { status: 403, class: 'permanent', message: 'These credentials may not publish events from this source.' },
  invalid_signature: { status: 403, class: 'permanent', message: 'The signed URL is not valid for this request.' },
  url_expired: { status: 403, class: 'permanent', message: 'The signed URL has expired.' },
  // Conversations
  message_deleted: { status: 410, class: 'permanent', message: 'The message was deleted.' },
  too_many_reactions: { status: 409, class: 'permanent', message: 'The message has as many different reactions as it may have.' },
  // Calls and huddles
  busy: { status: 409, class: 'transient', message: 'The callee is in another call.' },
  already_in_call: { status: 409, class: 'transient', message: 'The caller is in another call.' },
  call_ended: { status: 410, class: 'permanent', message: 'The call has ended.' },
  call_not_answered: { status: 409, class: 'transient', message: 'Nobody has answered the call yet.' },
  answered_elsewhere: { status: 409, class: 'permanent', message: 'Another device of the user has the call.' },
  peer_away: { status: 409, class: 'transient', message: 'The other one has lost the connection and may come back.' },
  too_many_candidates: { status: 429, class: 'permanent', message: 'More ICE candidates came than one device may send.' },
  huddle_full: { status: 409, class: 'transient', message: 'The huddle has as many participants as it may have.' },
  huddle_ended: { status: 410, class: 'permanent', message: 'The huddle has ended.' },
  not_in_huddle: { status: 409, class: 'permanent', message: 'The user is not a participant of the huddle, or is one on another device.' },
  // Uploads and objects
  upload_too_large: { status: 413, class: 'permanent', message: 'The file is larger than uploads may be.' },
  upload_missing: { status: 409, class: 'permanent', message: 'Nothing was uploaded for this media yet.' },
  upload_size_mismatch: { status: 409, class: 'permanent', message: 'The uploaded file does not have the announced size.' },
  upload_incomplete: { status: 400, class: 'transient', message: 'The upload ended before all of its bytes came.' },
  upload_closed: { status: 409, class: 'permanent', message: 'The upload of this media was completed before.' },
  upload_expired: { status: 410, class: 'permanent', message: 'The upload was not completed in time and was removed.' },
  too_many_uploads: { status: 429, class: 'transient', message: 'Too many uploads of this user are under way.' },
  quota_exceeded: { status: 413, class: 'permanent', message: 'The user has no room left for this file.' },
  media_deleted: { status: 410, class: 'permanent', message: 'The media was deleted.' },
  insufficient_storage: { status: 507, class: 'transient', message: 'The storage has no room for this file.' },
  invalid_key: { status: 400, class: 'permanent', message: 'The object key is not allowed.' },
  range_not_satisfiable: { status: 416, class: 'permanent', message: 'The object does not have the requested bytes.' },
  // What a media file can be refused for
  empty_file: { status: 422, class: 'permanent', message: 'The file is empty.' },
  not_media: { status: 422, class: 'permanent', message: 'The file is not a video or audio file that can be read.' },
  format_not_allowed: { status: 422, class: 'permanent', message: 'The container format of the file is not allowed.' },
  no_streams: { status: 422, class: 'permanent', message: 'The file has neither a video nor an audio stream.' },
  media_truncated: { status: 422, class: 'permanent', message: 'The file ends before its declared duration.' },
  media_corrupt: { status: 422, class: 'permanent', message: 'The file is damaged and cannot be decoded.' },
  media_too_long: { status: 422, class: 'permanent', message: 'The media is longer than what is allowed.' },
  media_too_large: { status: 422, class: 'permanent', message: 'The pictures of the media are larger or more than what is allowed.' },
  source_not_found: { status: 422, class: 'permanent', message: 'The source file of the media does not exist.' },
  source_unsupported: { status: 422, class: 'permanent', message: 'A source file of this kind cannot be read here.' },
  source_refused: { status: 422, class: 'permanent', message: 'A source file may not be fetched from this address.' },
  // Captions
  language_unsupported: { status: 422, class: 'permanent', message: 'Speech in this language cannot be recognised here.' },
  captions_exceeded: { status: 429, class: 'permanent', message: 'The user has had as much speech recognised today as is allowed.' },
  media_not_ready: { status: 409, class: 'transient', message: 'The media is not ready yet.' },
  transcriber_missing: { status: 503, class: 'permanent', message: 'The speech recognition of this server is not installed.' },
  // Notifications
  template_not_found: { status: 422, class: 'permanent', message: 'There is no template of this name in a language that may be used.' },
  template_field_missing: { status: 422, class: 'permanent', message: 'The template needs params that were not given.' },
  not_delivered: { status: 502, class: 'permanent', message: 'No device and no address got the notification.' },
  // When our side fails
  rate_limited: { status: 429, class: 'transient', message: 'Too many requests.' },
  overloaded: { status: 503, class: 'transient', message: 'The server has too much to do; try again later.' },
  unavailable: { status: 503, class: 'transient', message: 'A service that is needed for this does not answer.' },
  service_refused: { status: 502, class: 'permanent', message: 'An outside service refuses what it was asked.' },
  service_failed: { status: 502, class: 'transient', message: 'An outside service gave no answer that can be used.' },
  time_limit: { status: 504, class: 'processing', message: 'The work took longer than its time limit.' },
  job_cancelled: { status: 409, class: 'permanent', message: 'The job was cancelled.' },
  encoder_failed: { status: 500, class: 'processing', message: 'The encoder failed.' },
  internal: { status: 500, class: 'transient', message: 'Something went wrong on the server.' },
} as const satisfies Record<string, ErrorEntry>;

/**
 * What an error says about trying again. *Transient*: the same may succeed later. *Permanent*: it never will unless it is
 * changed. *Processing*: our work on just this input failed; the job farm gives it one more try, in case it was the machine.
 */
export type ErrorClass = 'transient' | 'permanent' | 'processing';

interface ErrorEntry {
  /** HTTP status of the error over REST. */
  status: number;
  class: ErrorClass;
  message: string;
}

export type ErrorCode = keyof typeof ERRORS;

/** An error of the table above. `details` travel to the caller beside `reason`: never put a secret there. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Record<string, unknown> = {}, options: { message?: string; cause?: unknown } = {}) {
    super(options.message ?? ERRORS[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get class(): ErrorClass {
    return ERRORS[this.code].class;
  }

  /** Whether the same may succeed later without being changed. */
  get retryable(): boolean {
    return this.class !== 'permanent';
  }

  /** The body that a client gets: `{reason, message, ...details}`. */
  toJSON(): { reason: ErrorCode; message: string } & Record<string, unknown> {
    return { ...this.details, reason: this.code, message: this.message };
  }
}

/** Turns anything thrown into an AppError: itself, or `internal` with the thrown value as its cause. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('internal', {}, { cause: thrown });
}

/** One line for a log or a dead letter: message and the messages of the causes. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : `: ${describeError(thrown.cause)}`;
  return `${thrown.message}${cause}`;
}

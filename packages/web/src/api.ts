import { renewSession, session } from './session.ts';

/** A refusal of the server, or `network` when it could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface CallOptions {
  body?: unknown;
  signal?: AbortSignal;
}

/**
 * Asks the REST API as the signed-in user, with a new token when the old one is refused.
 * @param path below `/api/v1`; what goes into it is encoded by the caller
 * @throws ApiError a refusal, or `network`; the signal's reason when it was aborted
 */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  let response = await send(method, path, options);
  if (response.status === 401 && (await renewSession())) response = await send(method, path, options);
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  return (text === '' ? undefined : JSON.parse(text)) as T; // Of status 204 there is nothing to read.
}

async function send(method: string, path: string, { body, signal }: CallOptions): Promise<Response> {
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  if (session.value.state === 'signed_in') headers['authorization'] = `Bearer ${session.value.token}`;
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('network', 'The server could not be reached.');
  }
}

/** The error that an answer of status 4xx or 5xx stands for; also of answers that a proxy in between wrote. */
export function refusal(status: number, text: string): ApiError {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    if (typeof reason === 'string') return new ApiError(reason, typeof message === 'string' ? message : '');
  } catch {
    // Not JSON: not from our server.
  }
  if (status === 413) return new ApiError('upload_too_large', '');
  return new ApiError(status >= 500 ? 'unavailable' : 'internal', `The server answered with status ${status}.`);
}

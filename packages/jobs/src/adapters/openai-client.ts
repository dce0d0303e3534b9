import { AppError, describeError } from '@armoricore/shared/kernel';
import OpenAI, { APIConnectionError, APIError } from 'openai';

export interface OpenAiOptions {
  /** Undefined for a server that needs none. */
  apiKey: string | undefined;
  /** Undefined for OpenAI's own. */
  baseUrl: string | undefined;
}

const SERVICE = 'openai';
/** Refusals of a request that may succeed later all the same. */
const PASSING = new Set([408, 409, 425, 429]);
/** A 429 that no waiting helps against: the account has no money left. */
const NO_CREDIT = 'insufficient_quota';

/** A client that leaves retries and time limits to whoever calls: its own do not cover an answer that breaks off or stands still. */
export function openAiClient({ apiKey, baseUrl }: OpenAiOptions): OpenAI {
  return new OpenAI({ apiKey: apiKey ?? 'none', ...(baseUrl === undefined ? {} : { baseURL: baseUrl }), maxRetries: 0, logLevel: 'off' });
}

/**
 * Does one request, from its first to its last byte, within a time.
 * @throws AppError `unavailable` (with `retry_after_ms` when the service says so), `service_refused`, `service_failed`; the reason of the signal
 */
export async function ask<T>(request: (options: { signal: AbortSignal }) => Promise<T>, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await request({ signal: AbortSignal.any([signal, limit]) });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) throw error;
    if (limit.aborted) throw new AppError('unavailable', { service: SERVICE, timeout_ms: timeoutMs }, { cause: error });
    throw translated(error);
  }
}

function translated(error: unknown): AppError {
  if (error instanceof APIConnectionError) return new AppError('unavailable', { service: SERVICE }, { cause: error });
  if (!(error instanceof APIError) || error.status === undefined) {
    return new AppError('service_failed', { service: SERVICE, why: describeError(error).slice(0, 200) }, { cause: error });
  }
  const { status, headers, code } = error as APIError<number, Headers>;
  const isPassing = (PASSING.has(status) || status >= 500) && code !== NO_CREDIT;
  if (!isPassing) return new AppError('service_refused', { service: SERVICE, status }, { cause: error });
  const retryAfterMs = retryAfterOf(headers);
  return new AppError('unavailable', { service: SERVICE, status, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) }, { cause: error });
}

/** How long the service wants to be left alone, in ms: `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
function retryAfterOf(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after') ?? '';
  if (value === '') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}

import { AppError } from '../kernel/index.ts';

/** The bus cannot be reached, or does not do what is asked of it. */
export function unavailable(cause?: unknown, message?: string): AppError {
  return new AppError('unavailable', { service: 'bus' }, { cause, ...(message === undefined ? {} : { message }) });
}

import { AppError } from '../../kernel/index.ts';

/** The broker cannot be reached or does not do what is asked of it. */
export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('unavailable', { service: 'bus' }, { message, cause });
}

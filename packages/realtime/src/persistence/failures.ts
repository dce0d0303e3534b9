import { AppError } from '@armoricore/shared/kernel';

/** SQLSTATE of a database that cannot serve now: connection, resources, shutdown, locks, deadlocks. */
const UNAVAILABLE = /^(08...|53...|57P..|55P03|25P03|40P01|40001)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Tells a database that does not answer (AppError `unavailable`: what was asked for may or may not have been done) from one
 * that refuses.
 */
export function toAvailability(error: unknown): unknown {
  const root = rootCause(error);
  if (root instanceof AppError) return root;
  const { code = '' } = root as { code?: string };
  if (SQLSTATE.test(code) && !UNAVAILABLE.test(code)) return error;
  return root instanceof TypeError ? error : new AppError('unavailable', { service: 'database' }, { cause: error });
}

/** What drizzle wrapped. */
function rootCause(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error && !(root instanceof AppError)) root = root.cause;
  return root;
}

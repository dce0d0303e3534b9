import pg from 'pg';
import { AppError } from '../../kernel/index.ts';
import { unavailable } from '../unavailable.ts';

/** SQLSTATE classes and codes of a server that cannot serve now: connection, resources, shutdown, lock not available. */
const UNAVAILABLE = /^(08...|53...|57P..|55P03|25P03)$/;

/**
 * Tells a database that does not answer (AppError `unavailable`) from one that refuses. What the server said is a
 * DatabaseError; any other failure of a query came from the way there.
 */
export function toBusError(error: unknown): unknown {
  const root = rootCause(error);
  if (root instanceof AppError) return root;
  if (root instanceof pg.DatabaseError && !UNAVAILABLE.test(root.code ?? '')) return error;
  return unavailable(error);
}

/** What drizzle wrapped. */
function rootCause(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error && !(root instanceof AppError)) root = root.cause;
  return root;
}

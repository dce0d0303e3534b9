import { issuesOf } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';

/** Checks a body or params. @throws AppError `invalid_payload` with what is wrong where */
export function parse<T>(schema: z.ZodType<T, unknown>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new AppError('invalid_payload', { issues: issuesOf(result.error) });
  return result.data;
}

/** Query fields of a call that lists: how many entries, and after which one. */
export const pageFields = {
  after: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};

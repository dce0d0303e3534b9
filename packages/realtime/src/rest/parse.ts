import { issuesOf } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import type { z } from 'zod';

/** Checks an input. @throws AppError `invalid_payload` with what is wrong where */
export function parse<T>(schema: z.ZodType<T, unknown>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new AppError('invalid_payload', { issues: issuesOf(result.error) });
  return result.data;
}

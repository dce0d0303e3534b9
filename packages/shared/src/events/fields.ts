import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../kernel/errors.ts';

/** Fields that several payloads share. */
export const id = z.string().min(1).max(128).regex(/^[A-Za-z0-9_.-]+$/);
export const userId = z.string().min(1).max(256);
export const freeMetadata = z.record(z.string().max(128), z.unknown()).default({});
export const errorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);
export const percent = z.number().min(0).max(100);

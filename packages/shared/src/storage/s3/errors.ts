import { S3ServiceException } from '@aws-sdk/client-s3';
import { AppError } from '../../kernel/index.ts';

const MISSING = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);
const FULL = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded', 'InsufficientStorage']);

/** What an error of a request to S3 means to a user of the storage. The caller's own abort stays as it is. */
export function requestError(error: unknown, { bucket, key }: { bucket: string; key?: string }): unknown {
  if (error instanceof AppError || (error instanceof Error && error.name === 'AbortError')) return error;
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  const name = error instanceof Error ? error.name : '';
  if (name === 'NoSuchBucket') return unavailable(`the bucket ${bucket} does not exist`, error);
  if (status === 404 || MISSING.has(name)) return new AppError('not_found', { key }, { cause: error });
  if (status === 403 || status === 401) return unavailable(`the bucket ${bucket} refuses its credentials (${name})`, error);
  if (status === 416) return new AppError('range_not_satisfiable', {}, { cause: error });
  if (name === 'EntityTooLarge') return new AppError('upload_too_large', {}, { cause: error });
  if (status === 507 || FULL.has(name)) return new AppError('insufficient_storage', {}, { cause: error });
  return unavailable(`the bucket ${bucket} does not answer as it should (${name}${status === undefined ? '' : ` ${status}`})`, error);
}

/** For the log the cause says what is wrong; a client is told no more than that the storage is away. */
function unavailable(what: string, cause: unknown): AppError {
  return new AppError('unavailable', { service: 'storage' }, { cause: new Error(what, { cause }) });
}

/** Whether an error says that S3 knows no such upload in parts (any more). */
export function isNoSuchUpload(error: unknown): boolean {
  return error instanceof AppError && error.code === 'not_found' && error.cause instanceof Error && error.cause.name !== 'NoSuchKey';
}

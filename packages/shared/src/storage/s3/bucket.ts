import type { S3Client } from '@aws-sdk/client-s3';
import { requestError } from './errors.ts';

/** One bucket, or a folder of one, and the way to it: every request of the storage goes through `send`. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
  /** The name that S3 knows for a key of the storage. */
  nameOf(key: string): string;
  /** The key of the storage for a name that S3 knows. */
  keyOf(name: string): string;
  /**
   * Runs one request; the SDK tries it again where that may help.
   * @throws AppError `not_found`, `unavailable`, `insufficient_storage`, `upload_too_large`; an AbortError
   */
  send<T>(request: Promise<T>, key?: string): Promise<T>;
}

export function createBucket(client: S3Client, name: string, prefix: string): Bucket {
  return {
    client,
    name,
    nameOf: (key) => `${prefix}${key}`,
    keyOf: (objectName) => objectName.slice(prefix.length),
    async send(request, key) {
      try {
        return await request;
      } catch (error) {
        throw requestError(error, { bucket: name, ...(key === undefined ? {} : { key }) });
      }
    },
  };
}

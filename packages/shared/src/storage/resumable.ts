import { FileStore } from '@tus/file-store';
import type { S3Store } from '@tus/s3-store';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from './filesystem/folders.ts';
import { assertKey } from './key.ts';
import type { Storage } from './port.ts';
import type { S3Connection } from './s3-options.ts';

/** Uploads that go on where they broke off (tus 1.0), kept beside the objects until they are whole. */
export interface ResumableUploads {
  /** For the server of the protocol. */
  readonly store: FileStore | S3Store;
  /** The store's name of the upload that becomes the object of a key. Each key has a folder of its own. */
  idOf(key: string): string;
  /** Makes the object when all its bytes are there; nothing when they are not, or when there is no such upload (any more). */
  finish(key: string): Promise<void>;
  /** Removes an upload. Removing none is fine. */
  remove(key: string): Promise<void>;
}

export interface ResumableOptions {
  /** How long an upload may take, in s. */
  ttlS: number;
}

const FALLBACK_TYPE = 'application/octet-stream';
/** Parts on their way to S3 at once, each a temporary file of 8 MiB. */
const PARTS_IN_FLIGHT = 16;

/** Beside the embedded storage in `root`: `<root>/.tus/<key>` holds the bytes, the same with `.json` what is known of them. */
export function inFolder(root: string, storage: Storage, { ttlS }: ResumableOptions): ResumableUploads {
  const directory = join(root, '.tus');
  const store = new FileStore({ directory, expirationPeriodInMilliseconds: ttlS * 1000 });
  const remove = async (key: string): Promise<void> => {
    assertKey(key);
    // The store's own way keeps the description of an upload whose bytes are gone.
    await rm(dirname(join(directory, key)), { recursive: true, force: true });
  };
  return {
    store,
    idOf: (key) => key,
    async finish(key) {
      const upload = await orMissing(store.getUpload(key));
      if (upload?.size === undefined || upload.offset !== upload.size) return;
      try {
        await storage.putFile(key, join(directory, key), { contentType: upload.metadata?.['contentType'] ?? FALLBACK_TYPE });
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error; // Made an object by another call, at the same time.
      }
      await remove(key);
    },
    remove,
  };
}

/** In the bucket itself: the store sends parts, and makes the object with the last byte. */
export async function inBucket(connection: S3Connection, { ttlS }: ResumableOptions): Promise<ResumableUploads> {
  const [{ S3Store }, { clientConfig }] = await Promise.all([import('@tus/s3-store'), import('./s3/client.ts')]);
  const { bucket, prefix } = connection;
  const store = new S3Store({
    s3ClientConfig: { bucket, ...clientConfig(connection) },
    expirationPeriodInMilliseconds: ttlS * 1000,
    useTags: false,
    maxConcurrentPartUploads: PARTS_IN_FLIGHT,
  });
  const idOf = (key: string): string => `${prefix}${key}`;
  return {
    store,
    idOf,
    finish: async () => undefined,
    async remove(key) {
      await orMissing(store.remove(idOf(key)));
    },
  };
}

/** What a store answers, or undefined where it says that there is no such upload. */
async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const status = typeof error === 'object' && error !== null && 'status_code' in error ? error.status_code : undefined;
    if (status === 404 || status === 410) return undefined;
    throw error;
  }
}

import { assertKey, type Storage } from '@armoricore/shared/storage';
import { AppError } from '@armoricore/shared/kernel';
import { download } from './sources/download.ts';
import { sourceUrl, type Outside } from './sources/request.ts';

export interface SourceOptions {
  storage: Storage;
  /** The bucket and folder (with its slash, or '') of the storage, when it is one. */
  home?: { bucket: string; prefix: string } | undefined;
  /** Other buckets that may be read. */
  openBucket: (bucket: string) => Promise<Storage>;
  buckets: readonly string[];
  outside?: Outside;
}

/** Where the sources of media come from. */
export interface Sources {
  /**
   * How a source is written down: the key of an object in the storage, `s3://bucket/key` or `https://…`.
   * @throws AppError `source_unsupported` for what cannot be read here, `invalid_key`
   */
  refer(filePath: string): string;
  /**
   * Brings a source to a local file that does not exist yet. Tools never get to see an URL.
   * @throws AppError `source_not_found`, `empty_file`, `upload_too_large`; for `https://` what `download` throws
   */
  fetch(reference: string, file: string, options: { maxBytes: number; signal: AbortSignal }): Promise<void>;
}

const ALLOWED = 'file:///<key of an object in the storage>, s3://<bucket>/<key>, https://…';

export function createSources({ storage, home, openBucket, buckets, outside = {} }: SourceOptions): Sources {
  return {
    refer(filePath) {
      const url = URL.parse(filePath);
      if (url?.protocol === 'https:') return sourceUrl(filePath).href;
      if (url?.protocol === 'file:' && url.host === '' && isPlain(url)) return keyOf(url.pathname);
      if (url?.protocol !== 's3:' || !isPlain(url)) throw unsupported(filePath);
      const key = keyOf(url.pathname);
      if (url.host === home?.bucket && key.startsWith(home.prefix)) return key.slice(home.prefix.length);
      if (!buckets.includes(url.host)) throw unsupported(filePath);
      return `s3://${url.host}/${key}`;
    },

    async fetch(reference, file, options) {
      if (reference.startsWith('https:')) return download(reference, file, { ...outside, ...options });
      const [, bucket, foreignKey] = /^s3:\/\/([^/]+)\/(.+)$/.exec(reference) ?? [];
      if (bucket === undefined || foreignKey === undefined) return fetchObject(storage, reference, file, options);
      return fetchObject(await openBucket(bucket), foreignKey, file, options);
    },
  };
}

async function fetchObject(storage: Storage, key: string, file: string, { maxBytes, signal }: { maxBytes: number; signal: AbortSignal }): Promise<void> {
  const object = await storage.stat(key);
  if (object === null) throw new AppError('source_not_found');
  if (object.size === 0) throw new AppError('empty_file');
  if (object.size > maxBytes) throw new AppError('upload_too_large', { bytes: object.size, allowed_bytes: maxBytes });
  await storage.download(key, file, { signal });
}

function isPlain({ search, hash, username, password, port }: URL): boolean {
  return [search, hash, username, password, port].every((part) => part === '');
}

function keyOf(pathname: string): string {
  let key: string;
  try {
    key = decodeURIComponent(pathname.slice(1));
  } catch (cause) {
    throw new AppError('source_unsupported', { allowed: ALLOWED }, { cause });
  }
  assertKey(key);
  return key;
}

function unsupported(filePath: string): AppError {
  return new AppError('source_unsupported', { got: filePath.slice(0, 128), allowed: ALLOWED });
}

import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';

/**
 * The object key that a `file:///<key>` names below the storage's root.
 * @throws AppError `source_unsupported` for any other kind of path
 */
export function sourceKey(filePath: string): string {
  const url = URL.parse(filePath);
  if (url === null || url.protocol !== 'file:' || url.host !== '' || url.search !== '' || url.hash !== '') {
    throw new AppError('source_unsupported', { got: filePath.slice(0, 128), allowed: 'file:///<key of an object in the storage>' });
  }
  try {
    return decodeURIComponent(url.pathname.slice(1));
  } catch (cause) {
    throw new AppError('source_unsupported', { allowed: 'file:///<key of an object in the storage>' }, { cause });
  }
}

/**
 * Brings the source of a media to a local file. Tools never get to see an URL.
 * @throws AppError `source_not_found`, `empty_file`, `upload_too_large`, `invalid_key`
 */
export async function fetchSource(
  storage: Storage,
  key: string,
  file: string,
  { maxBytes, signal }: { maxBytes: number; signal: AbortSignal },
): Promise<void> {
  const object = await storage.stat(key);
  if (object === null) throw new AppError('source_not_found');
  if (object.size === 0) throw new AppError('empty_file');
  if (object.size > maxBytes) throw new AppError('upload_too_large', { bytes: object.size, allowed_bytes: maxBytes });
  await storage.download(key, file, { signal });
}

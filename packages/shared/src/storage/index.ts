import type { ConfigOf } from '../config/index.ts';
import type { storageConfig } from '../config/index.ts';
import type { Storage } from './port.ts';

export type * from './port.ts';
export { assertKey } from './key.ts';
export { contentTypeOf } from './types.ts';
export { createUrlSigner, type UploadTerms, type UrlSigner } from './signed-url.ts';

export type StorageConfig = ConfigOf<{ storage: typeof storageConfig }>['storage'];

/** The storage that the configuration names. An adapter is loaded only when it is the one. */
export async function openStorage(config: StorageConfig): Promise<Storage> {
  const { createFileSystemStorage } = await import('./filesystem.ts');
  return createFileSystemStorage({
    root: config.STORAGE_DIR,
    secret: config.SECRET_KEY_BASE,
    publicUrl: config.PUBLIC_URL,
    playbackUrlTtlS: config.PLAYBACK_URL_TTL_S,
    ...(config.CDN_BASE_URL === undefined ? {} : { cdnBaseUrl: config.CDN_BASE_URL }),
  });
}

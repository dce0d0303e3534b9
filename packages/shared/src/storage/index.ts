import type { ConfigOf, storageConfig } from '../config/index.ts';
import type { PlaybackOptions } from './playback.ts';
import type { Storage } from './port.ts';
import type { ResumableUploads } from './resumable.ts';
import { s3Options } from './s3-options.ts';

export type * from './port.ts';
export { assertKey } from './key.ts';
export { contentTypeOf } from './types.ts';
export type { ResumableUploads } from './resumable.ts';
export { bytesOfPart } from './multipart.ts';
export { createUrlSigner, type UploadTerms, type UrlSigner } from './signed-url.ts';
export { withBreaker } from './with-breaker.ts';

export type StorageConfig = ConfigOf<{ storage: typeof storageConfig }>['storage'];
/** The part of it that the embedded storage needs. */
export type EmbeddedStorageConfig = Omit<StorageConfig, `S3_${string}`> & { S3_BUCKET?: undefined };

/**
 * The storage that the configuration names. An adapter is loaded only when it is the one.
 * @throws ConfigError when of key and secret for S3 one is missing
 */
export async function openStorage(config: StorageConfig | EmbeddedStorageConfig): Promise<Storage> {
  const playback = playbackOptions(config);
  if (config.S3_BUCKET === undefined) {
    const { createFileSystemStorage } = await import('./filesystem.ts');
    return createFileSystemStorage({ root: config.STORAGE_DIR, ...playback });
  }
  const { createS3Storage } = await import('./s3.ts');
  return createS3Storage({ ...s3Options(config, config.S3_BUCKET), ...playback });
}

/** Resumable uploads beside the objects of the storage that the same configuration names. */
export async function openResumableUploads(config: StorageConfig, storage: Storage, options: { ttlS: number }): Promise<ResumableUploads> {
  const { inBucket, inFolder } = await import('./resumable.ts');
  return config.S3_BUCKET === undefined ? inFolder(config.STORAGE_DIR, storage, options) : inBucket(s3Options(config, config.S3_BUCKET), options);
}

/** Another bucket, reached the same way as that of the configuration. */
export async function openBucket(config: StorageConfig, bucket: string): Promise<Storage> {
  const { createS3Storage } = await import('./s3.ts');
  return createS3Storage({ ...s3Options(config, bucket), prefix: '', ...playbackOptions(config) });
}

function playbackOptions(config: EmbeddedStorageConfig | StorageConfig): PlaybackOptions {
  return {
    secret: config.SECRET_KEY_BASE,
    publicUrl: config.PUBLIC_URL,
    playbackUrlTtlS: config.PLAYBACK_URL_TTL_S,
    ...(config.CDN_BASE_URL === undefined ? {} : { cdnBaseUrl: config.CDN_BASE_URL }),
  };
}

import { ConfigError } from '../config/index.ts';
import type { StorageConfig } from './index.ts';
import type { PlaybackOptions } from './playback.ts';
import type { S3Options } from './s3.ts';

/** A bucket, and the way to it. */
export type S3Connection = Omit<S3Options, keyof PlaybackOptions>;

/** How the settings name a bucket. @throws ConfigError when of key and secret one is missing */
export function s3Options(config: StorageConfig, bucket: string): S3Connection {
  const { S3_ENDPOINT, S3_PUBLIC_ENDPOINT, S3_PREFIX, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = config;
  return {
    bucket,
    prefix: S3_PREFIX === undefined ? '' : `${S3_PREFIX}/`,
    region: config.S3_REGION,
    forcePathStyle: config.S3_FORCE_PATH_STYLE ?? S3_ENDPOINT !== undefined,
    ...(S3_ENDPOINT === undefined ? {} : { endpoint: S3_ENDPOINT }),
    ...(S3_PUBLIC_ENDPOINT === undefined ? {} : { publicEndpoint: S3_PUBLIC_ENDPOINT }),
    ...credentials(S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY),
  };
}

function credentials(accessKeyId: string | undefined, secretAccessKey: string | undefined): Pick<S3Options, 'credentials'> {
  if (accessKeyId === undefined && secretAccessKey === undefined) return {};
  if (accessKeyId === undefined) throw new ConfigError(['S3_ACCESS_KEY_ID: is not set; needed: both it and S3_SECRET_ACCESS_KEY, or neither']);
  if (secretAccessKey === undefined) throw new ConfigError(['S3_SECRET_ACCESS_KEY: is not set; needed: both it and S3_ACCESS_KEY_ID, or neither']);
  return { credentials: { accessKeyId, secretAccessKey } };
}

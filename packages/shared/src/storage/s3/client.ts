import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

export interface S3ConnectionOptions {
  region: string;
  /** Of another provider than Amazon; no trailing slash. */
  endpoint?: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  forcePathStyle: boolean;
  /** Without them: the SDK's own chain (environment, profile, container, instance). */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  timeouts?: S3Timeouts;
}

export interface S3Timeouts {
  connectMs: number;
  /** Longest silence of a connection that is in use. */
  idleMs: number;
  /** From the first byte of a request to the head of its answer. */
  requestMs: number;
}

const TIMEOUTS: S3Timeouts = { connectMs: 5_000, idleMs: 30_000, requestMs: 120_000 };
/** Tries of one request; between them exponential backoff with jitter, of the SDK. */
const MAX_ATTEMPTS = 5;
const MAX_SOCKETS = 128;

/** What every client of the storage is made with. */
export function clientConfig({ region, endpoint, forcePathStyle, credentials, timeouts = TIMEOUTS }: S3ConnectionOptions): S3ClientConfig {
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return {
    region,
    forcePathStyle,
    maxAttempts: MAX_ATTEMPTS,
    retryMode: 'standard',
    // Else a presigned URL holds the checksum of an empty body, and providers that do not know the trailer store it in the object.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.idleMs,
      requestTimeout: timeouts.requestMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

export function createClient(options: S3ConnectionOptions): S3Client {
  return new S3Client(clientConfig(options));
}

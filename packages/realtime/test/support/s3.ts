import { startS3, freshBucket } from '../../../../test/support/services/s3.ts';
import type { Service } from '../../../../test/support/services/process.ts';

/** The variables that put the objects of a realtime process into a new bucket of a server. */
export async function bucketEnvironment(service: Service): Promise<Record<string, string>> {
  const { bucket, endpoint, credentials } = await freshBucket(service);
  return { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_PREFIX: 'objects', S3_ACCESS_KEY_ID: credentials.accessKeyId, S3_SECRET_ACCESS_KEY: credentials.secretAccessKey };
}

export { startS3 };

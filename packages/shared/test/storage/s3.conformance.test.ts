import { afterAll, beforeAll, describe } from 'vitest';
import { freshBucket, isInstalled, S3_SERVERS, startS3 } from '../../../../test/support/services/s3.ts';
import type { Service } from '../../../../test/support/services/process.ts';
import { storageConformance } from '../../src/storage/conformance.ts';
import { createS3Storage } from '../../src/storage/s3.ts';

const PLAYBACK = { secret: 'a secret of at least thirty-two letters', publicUrl: 'http://host:4000', playbackUrlTtlS: 3600 };

describe.each(S3_SERVERS.filter(isInstalled))('%s', (server) => {
  let service: Service;
  beforeAll(async () => {
    service = await startS3(server);
  });
  afterAll(() => service.stop());

  const make = (prefix: string) => async () => {
    const storage = createS3Storage({ ...PLAYBACK, ...(await freshBucket(service)), prefix });
    return { storage, close: async () => undefined };
  };
  const options = { atomic: server !== 's3rver' };
  storageConformance('a bucket', make(''), options);
  storageConformance('a folder of a bucket', make('some/folder/'), options);
});

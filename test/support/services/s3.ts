import { existsSync } from 'node:fs';
import path from 'node:path';
import { freshName } from './fresh.ts';
import { startService, type Service } from './process.ts';
import { HOST, serverPort } from './tcp.ts';

/** Servers that speak S3. moto (Python) is the better one and is used where it is installed; s3rver comes with npm. */
export const S3_SERVERS = ['moto', 's3rver'] as const;
export type S3Server = (typeof S3_SERVERS)[number];

export function isInstalled(server: S3Server): boolean {
  if (server === 's3rver') return true;
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => folder !== '' && existsSync(path.join(folder, 'moto_server')));
}

/** A private S3 server, at `http://127.0.0.1:…`. It checks no signatures, and what it holds ends with it. */
export function startS3(server: S3Server = S3_SERVERS.find(isInstalled) ?? 's3rver'): Promise<Service> {
  return startService({
    name: server,
    prepare: async (folder) => {
      const port = await serverPort();
      return { command: server === 'moto' ? ['moto_server', '-H', HOST, '-p', String(port)] : s3rver(folder, port), port };
    },
    hello: { words: `GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`, answer: /^HTTP\/1\.[01] [1-4]\d\d / },
    url: (port) => `http://${HOST}:${port}`,
  });
}

function s3rver(folder: string, port: number): string[] {
  const legacy = '--openssl-legacy-provider'; // Its lists go on by a token that is made with DES.
  return [process.execPath, legacy, path.join(import.meta.dirname, 's3rver.ts'), folder, HOST, String(port)];
}

/** What a storage needs to know of a new, empty bucket. */
export async function freshBucket(service: Service) {
  const bucket = freshName('bucket').replaceAll('_', '-');
  const response = await fetch(`${service.url}/${bucket}`, { method: 'PUT' });
  if (!response.ok) throw new Error(`The bucket was not made: ${response.status} ${await response.text()}`);
  return {
    bucket,
    prefix: '',
    region: 'us-east-1',
    endpoint: service.url,
    forcePathStyle: true,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  };
}

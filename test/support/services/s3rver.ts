/**
 * Runs s3rver, on `<folder> <host> <port>`, with what it lacks: it lists no parts, aborts no uploads, takes parts of uploads that
 * nobody began, answers before the bytes are in the file, trips over its own folders when it deletes many at once, and dies of two
 * requests that finish one upload.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

interface Stored {
  bucket: string;
  key: string;
  content: Readable | Buffer;
  metadata: unknown;
}
interface Store {
  getResourcePath(bucket: string, key: string | undefined, resource: string): string;
  putMetadata(bucket: string, key: string, metadata: unknown, md5: string): Promise<void>;
  putObject(object: Stored): Promise<{ size: number; md5: string }>;
  deleteObject(bucket: string, key: string): Promise<void>;
  putPart(bucket: string, uploadId: string, number: string, content: Readable): Promise<{ size: number; md5: string }>;
}
interface Context {
  method: string;
  path: string;
  query: Record<string, string>;
  status: number;
  type: string;
  body: unknown;
}
type Middleware = (context: Context, next: () => Promise<void>) => Promise<void>;
interface S3rver {
  store: Store;
  middleware: Middleware[];
  run(): Promise<unknown>;
}

const [directory = '', address = '', port = ''] = process.argv.slice(2);
const Server = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver;
const server = new Server({ directory, address, port: Number(port), silent: true, allowMismatchedSignatures: true, vhostBuckets: false });
const { store } = server;
let written = 0;

/** Writes a whole file, or none. */
async function write(file: string, content: Readable | Buffer): Promise<{ size: number; md5: string }> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${(written += 1)}`;
  const md5 = createHash('md5');
  let size = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      md5.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  await pipeline(Buffer.isBuffer(content) ? Readable.from([content]) : content, counted, createWriteStream(draft));
  await rename(draft, file);
  return { size, md5: md5.digest('hex') };
}

const folderOf = (bucket: string, uploadId: string): string => path.join(store.getResourcePath(bucket, undefined, 'uploads'), uploadId);

store.putObject = async ({ bucket, key, content, metadata }) => {
  const result = await write(store.getResourcePath(bucket, key, 'object'), content);
  await store.putMetadata(bucket, key, metadata, result.md5);
  return result;
};
store.deleteObject = async (bucket, key) => {
  for (const resource of ['object', 'object.md5', 'metadata.json']) await rm(store.getResourcePath(bucket, key, resource), { force: true });
};
store.putPart = async (bucket, uploadId, number, content) => {
  const file = path.join(folderOf(bucket, uploadId), number);
  const result = await write(file, content);
  await writeFile(`${file}.md5`, result.md5);
  return result;
};

async function partsOf(folder: string): Promise<string> {
  const numbers = (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  const parts = numbers.toSorted((a, b) => a - b).map(async (number) => {
    const { size } = await stat(path.join(folder, String(number)));
    const md5 = await readFile(path.join(folder, `${number}.md5`), 'utf8');
    return `<Part><PartNumber>${number}</PartNumber><ETag>"${md5}"</ETag><Size>${size}</Size></Part>`;
  });
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${(await Promise.all(parts)).join('')}</ListPartsResult>`;
}

async function answerUpload(uploadId: string, context: Context, next: () => Promise<void>): Promise<void> {
  const [, bucket = '', ...key] = context.path.split('/');
  const folder = folderOf(bucket, path.basename(uploadId));
  context.type = 'application/xml';
  if (!existsSync(folder) || (await readFile(path.join(folder, 'key'), 'utf8')) !== key.join('/')) {
    context.status = 404;
    context.body = '<Error><Code>NoSuchUpload</Code><Message>There is no such upload.</Message></Error>';
  } else if (context.method === 'GET') {
    context.body = await partsOf(folder);
  } else if (context.method === 'DELETE') {
    await rm(folder, { recursive: true, force: true });
    context.status = 204;
  } else {
    await next();
  }
}

/** One upload is finished after the other. */
let finished = Promise.resolve();

server.middleware.unshift((context, next) => {
  const { uploadId } = context.query;
  if (uploadId === undefined) return next();
  const answer = (): Promise<void> => answerUpload(uploadId, context, next);
  return context.method === 'POST' ? (finished = finished.then(answer, answer)) : answer();
});

await server.run();

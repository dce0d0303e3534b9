import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { AppError, newId } from '../../kernel/index.ts';
import { assertAllParts, bytesOfPart, planParts } from '../multipart.ts';
import type { MultipartUpload } from '../port.ts';
import { hasCode, storageError } from './folders.ts';

const termsSchema = z.object({ key: z.string(), size: z.number(), contentType: z.string() });
const UPLOAD_ID = /^[0-9a-f-]{36}$/;
const DATA = 'data';
const PART = 'part-';

export interface MultipartFiles {
  create(key: string, terms: { size: number; contentType: string }): Promise<MultipartUpload>;
  putPart(upload: MultipartUpload, number: number, body: Readable, signal: AbortSignal | undefined): Promise<void>;
  /** The written file, made an object by `commit`; null when there is no such upload (any more). */
  complete(upload: MultipartUpload, commit: (file: string, contentType: string) => Promise<void>): Promise<{ size: number } | null>;
  abort(upload: MultipartUpload): Promise<void>;
}

/**
 * Uploads in parts: `<folder>/<id>` holds `data`, a sparse file of the object's size into which parts are written where they
 * belong, and a witness `part-<number>` of each that is there. So completing is a rename: no byte is copied.
 * A part goes to a temporary file first: what is cut short leaves nothing, and two of one number never mix.
 */
export function openMultipartFiles(folder: string, temporaryPath: () => Promise<string>): MultipartFiles {
  const folderOf = ({ uploadId }: MultipartUpload): string => {
    if (!UPLOAD_ID.test(uploadId)) throw new AppError('not_found');
    return join(folder, uploadId);
  };

  async function termsOf(upload: MultipartUpload): Promise<z.infer<typeof termsSchema> | null> {
    const text = await readFile(join(folderOf(upload), 'terms'), 'utf8').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    });
    const terms = text === null ? null : termsSchema.parse(JSON.parse(text));
    return terms?.key === upload.key && terms.size === upload.size ? terms : null;
  }

  /** Writes a received part where it belongs, then its witness; both reach the disk. */
  async function place(upload: MultipartUpload, number: number, file: string, bytes: number): Promise<void> {
    const home = folderOf(upload);
    const data = await open(join(home, DATA), 'r+');
    const start = (number - 1) * planParts(upload.size).partSize;
    await pipeline(createReadStream(file), data.createWriteStream({ start, flush: true })); // Closes the handle, too.
    await writeFile(join(home, `${PART}${number}`), String(bytes), { flush: true });
  }

  return {
    async create(key, { size, contentType }) {
      const uploadId = newId();
      const home = join(folder, uploadId);
      await mkdir(home, { recursive: true });
      const data = await open(join(home, DATA), 'wx');
      await data.truncate(size);
      await data.close();
      await writeFile(join(home, 'terms'), JSON.stringify({ key, size, contentType }), { flush: true });
      return { key, uploadId, size };
    },

    async putPart(upload, number, body, signal) {
      const bytes = bytesOfPart(upload.size, number);
      if ((await termsOf(upload)) === null) throw new AppError('not_found', { part: number });
      const file = await temporaryPath();
      try {
        const received = await receive(body, file, bytes, signal);
        if (received < bytes) throw new AppError('upload_incomplete', { received_bytes: received, part_bytes: bytes });
        await place(upload, number, file, bytes);
      } catch (error) {
        if (hasCode(error, 'ENOENT')) throw new AppError('not_found', { part: number }, { cause: error });
        throw storageError(error, upload.key);
      } finally {
        await rm(file, { force: true });
      }
    },

    async complete(upload, commit) {
      const terms = await termsOf(upload);
      if (terms === null) return null;
      const home = folderOf(upload);
      const witnesses = (await readdir(home)).filter((name) => name.startsWith(PART));
      const sizes = await Promise.all(
        witnesses.map(async (name) => [Number(name.slice(PART.length)), Number(await readFile(join(home, name), 'utf8'))] as const),
      );
      assertAllParts(terms.size, new Map(sizes));
      try {
        await commit(join(home, DATA), terms.contentType);
      } catch (error) {
        // Made an object before, by a process that did not come to the next line or is about to.
        if (!hasCode(error, 'ENOENT')) throw error;
        return null;
      }
      await rm(home, { recursive: true, force: true });
      return { size: terms.size };
    },

    async abort(upload) {
      if (!UPLOAD_ID.test(upload.uploadId)) return;
      await rm(folderOf(upload), { recursive: true, force: true });
    },
  };
}

/** Streams a body to a new file, on the disk when it returns. @throws AppError `upload_too_large` as soon as more than `bytes` came */
async function receive(body: Readable, file: string, bytes: number, signal: AbortSignal | undefined): Promise<number> {
  let received = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      received += chunk.length;
      if (received > bytes) throw new AppError('upload_too_large', { part_bytes: bytes });
      yield chunk;
    }
  };
  const target = (await open(file, 'wx')).createWriteStream();
  await pipeline(body, counted, target, signal === undefined ? {} : { signal });
  return received;
}

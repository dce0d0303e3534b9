import { constants, createReadStream } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, newId } from '../kernel/index.ts';
import { entryOf, filesBelow, flush, hasCode, parentFolder, storageError, sweep } from './filesystem/folders.ts';
import { openMultipartFiles } from './filesystem/multipart.ts';
import { openSidecars } from './filesystem/sidecars.ts';
import { assertKey } from './key.ts';
import { bytesOfPart, pageOfParts, planParts } from './multipart.ts';
import { createPlaybackUrls, expiryOf, type PlaybackOptions } from './playback.ts';
import type { PutOptions, Storage, StoredObject } from './port.ts';
import { isSatisfiable } from './range.ts';
import { createUrlSigner } from './signed-url.ts';
import { assertHeaders } from './types.ts';

export interface FileSystemOptions extends PlaybackOptions {
  /** Folder of the objects; made when it does not exist. May be shared by processes of one machine. */
  root: string;
}

/** A temporary file that was not written to for so long belongs to a process that died, in ms. */
const LEFTOVER_AGE_MS = 24 * 3600 * 1000;
/** An upload in parts of which none came for so long is nobody's: URLs work for a week at most. */
const UPLOAD_AGE_MS = 14 * LEFTOVER_AGE_MS;
/** A folder can be deleted, or an object replaced, between two steps of ours; then the steps are taken again. */
const RACE_TRIES = 5;

/**
 * Objects as files: `<root>/<key>` holds the bytes, `<root>/.meta` what is told about them (keys never begin with a dot).
 * An object is written to `<root>/.tmp`, synced, and renamed into place. As with any file system, `a` and `a/b`
 * cannot both be objects; the later put is refused with `invalid_key`.
 */
export function createFileSystemStorage(options: FileSystemOptions): Storage {
  const { secret, publicUrl, now = () => new Date() } = options;
  const root = resolve(options.root);
  const temporary = join(root, '.tmp');
  const uploads = join(root, '.uploads');
  const sidecars = openSidecars(join(root, '.meta'));
  const signer = createUrlSigner(secret);
  let swept = false;

  const temporaryPath = async (): Promise<string> => {
    await mkdir(temporary, { recursive: true });
    return join(temporary, newId());
  };
  const multipart = openMultipartFiles(uploads, temporaryPath);

  /** Renames a written file into place; the sidecar goes first, under the identity that the file keeps. */
  async function commit(file: string, key: string, headers: PutOptions): Promise<void> {
    const { ino } = await lstat(file);
    for (let attempt = 1; ; attempt++) {
      try {
        const target = join(await parentFolder(root, key), key.slice(key.lastIndexOf('/') + 1));
        const replaced = await lstat(target).catch(() => undefined);
        await sidecars.write(key, ino, headers);
        await rename(file, target);
        if (replaced?.isFile() && replaced.ino !== ino) await sidecars.remove(key, replaced.ino);
        return;
      } catch (error) {
        if (!hasCode(error, 'ENOENT') || attempt === RACE_TRIES) {
          await sidecars.remove(key, ino);
          throw storageError(error, key);
        }
      }
    }
  }

  /** The object as it is at one moment, with its bytes held open; null when there is none. */
  async function openObject(key: string): Promise<{ handle: FileHandle; object: StoredObject } | null> {
    for (let attempt = 1; ; attempt++) {
      const entry = await entryOf(root, key);
      if (!entry?.stats.isFile()) return null;
      const handle = await open(entry.path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT', 'ELOOP')) return null;
        throw error;
      });
      if (handle === null) {
        if (attempt === RACE_TRIES) return null;
        continue;
      }
      const { ino, size, mtime, mtimeMs } = await handle.stat();
      const headers = await sidecars.read(key, ino);
      // Replaced meanwhile: its sidecar may be gone with it.
      if (!headers.found && attempt < RACE_TRIES && (await entryOf(root, key))?.stats.ino !== ino) {
        await handle.close();
        continue;
      }
      const etag = `"${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}"`;
      return { handle, object: { key, size, modifiedAt: mtime, etag, ...headers.values } };
    }
  }

  const storage: Storage = {
    async put(key, body, putOptions) {
      // A body can fail before the pipeline below listens to it; then the pipeline tells.
      if (body instanceof Readable) body.on('error', () => undefined);
      assertKey(key);
      assertHeaders(putOptions);
      const { maxBytes = Infinity, signal } = putOptions;
      signal?.throwIfAborted();
      let size = 0;
      const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
        for await (const chunk of chunks) {
          size += chunk.length;
          if (size > maxBytes) throw new AppError('upload_too_large', { max_bytes: maxBytes });
          yield chunk;
        }
      };
      const file = await temporaryPath();
      try {
        const source = body instanceof Uint8Array ? Readable.from([body]) : body;
        const target = (await open(file, 'wx')).createWriteStream({ flush: true });
        await pipeline(source, counted, target, signal === undefined ? {} : { signal });
        await commit(file, key, putOptions);
        return { size };
      } catch (error) {
        await rm(file, { force: true });
        throw storageError(error, key);
      }
    },

    async get(key, range) {
      assertKey(key);
      const opened = await openObject(key);
      if (opened === null) throw new AppError('not_found', { key });
      const { handle, object } = opened;
      if (range !== undefined && !isSatisfiable(range, object.size)) {
        await handle.close();
        throw new AppError('range_not_satisfiable', { size: object.size });
      }
      const bytes = range === undefined ? {} : { start: range.start, end: Math.min(range.end, object.size - 1) };
      return { ...object, body: handle.createReadStream(bytes) };
    },

    async putFile(key, file, putOptions) {
      assertKey(key);
      assertHeaders(putOptions);
      putOptions.signal?.throwIfAborted();
      const { size } = await flush(file);
      await mkdir(root, { recursive: true });
      try {
        await commit(file, key, putOptions);
      } catch (error) {
        if (!hasCode(error, 'EXDEV')) throw error;
        await storage.put(key, createReadStream(file), putOptions);
        await rm(file);
      }
      return { size };
    },

    async stat(key) {
      assertKey(key);
      const opened = await openObject(key);
      await opened?.handle.close();
      return opened?.object ?? null;
    },

    async list(prefix) {
      assertKey(prefix);
      const entry = await entryOf(root, prefix);
      return entry?.stats.isDirectory() ? (await filesBelow(entry.path, prefix)).toSorted() : [];
    },

    async delete(prefix) {
      assertKey(prefix);
      const entry = await entryOf(root, prefix);
      if (entry === null) return;
      // Away at once for every reader; what is left of an interrupted removal is swept later.
      const away = await temporaryPath();
      try {
        await rename(entry.path, away);
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return;
        throw error;
      }
      await rm(away, { recursive: true, force: true });
      await (entry.stats.isFile() ? sidecars.remove(prefix, entry.stats.ino) : sidecars.removeBelow(prefix));
    },

    async download(key, file, { signal } = {}) {
      assertKey(key);
      signal?.throwIfAborted();
      const entry = await entryOf(root, key);
      if (!entry?.stats.isFile()) throw new AppError('not_found', { key });
      try {
        await link(entry.path, file);
      } catch (error) {
        if (!hasCode(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP')) throw storageError(error, key);
        await copy(key, file, signal);
      }
    },

    async presignPut(key, { maxBytes, contentType, expiresInS }) {
      assertKey(key);
      assertHeaders({ contentType });
      const expiresAt = expiryOf(now(), expiresInS);
      const query = signer.upload(key, { maxBytes, contentType, expiresAt });
      const url = `${publicUrl}/uploads/${key}?${query.toString()}`;
      return { method: 'PUT', url, headers: { 'content-type': contentType }, expires_at: expiresAt.toISOString() };
    },

    async createMultipart(key, terms) {
      assertKey(key);
      assertHeaders(terms);
      return { ...(await multipart.create(key, terms)), ...planParts(terms.size) };
    },

    async presignMultipart(upload, { from, count, expiresInS }) {
      assertKey(upload.key);
      const expiresAt = expiryOf(now(), expiresInS);
      return pageOfParts(upload.size, { from, count }).map((number) => {
        const query = signer.part(upload, number, expiresAt);
        const url = `${publicUrl}/uploads/${upload.key}?${query.toString()}`;
        return { number, size_bytes: bytesOfPart(upload.size, number), method: 'PUT', url, headers: {}, expires_at: expiresAt.toISOString() };
      });
    },

    async putPart(upload, number, body, { signal } = {}) {
      body.on('error', () => undefined); // As in `put`.
      assertKey(upload.key);
      await multipart.putPart(upload, number, body, signal);
    },

    async completeMultipart(upload) {
      assertKey(upload.key);
      const done = await multipart.complete(upload, (file, contentType) => commit(file, upload.key, { contentType }));
      const { size } = done ?? (await storage.stat(upload.key)) ?? {};
      if (size !== upload.size) throw new AppError('not_found', { key: upload.key }, { message: 'There is no such upload.' });
      return { size };
    },

    async abortMultipart(upload) {
      assertKey(upload.key);
      await multipart.abort(upload);
    },

    playbackUrl: createPlaybackUrls(options),

    async ready() {
      const probe = await temporaryPath();
      await (await open(probe, 'wx')).close();
      await rm(probe);
      if (swept) return;
      swept = true;
      await sweep(temporary, now().getTime() - LEFTOVER_AGE_MS);
      await sweep(uploads, now().getTime() - UPLOAD_AGE_MS);
    },
  };

  async function copy(key: string, file: string, signal: AbortSignal | undefined): Promise<void> {
    const target = (await open(file, 'wx')).createWriteStream();
    try {
      const { body } = await storage.get(key);
      await pipeline(body, target, signal === undefined ? {} : { signal });
    } catch (error) {
      target.destroy();
      await rm(file, { force: true });
      throw storageError(error, key);
    }
  }

  return storage;
}

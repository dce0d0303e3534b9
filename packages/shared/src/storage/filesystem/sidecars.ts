import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { contentTypeOf } from '../types.ts';
import { hasCode } from './folders.ts';

const headersSchema = z.object({ contentType: z.string(), cacheControl: z.string().exactOptional() });
export type ObjectHeaders = z.infer<typeof headersSchema>;

/**
 * What is told about objects beside their bytes, each in a file of its own: `<folder>/<key>@<inode>`. A rename keeps
 * the inode, so the bytes that a reader has open and what it reads about them always belong together, also while the object is replaced.
 */
export interface Sidecars {
  write(key: string, ino: number, headers: ObjectHeaders): Promise<void>;
  /** `found` is false for a file that was not put here by us; its type follows from its ending. */
  read(key: string, ino: number): Promise<{ found: boolean; values: ObjectHeaders }>;
  remove(key: string, ino: number): Promise<void>;
  removeBelow(prefix: string): Promise<void>;
}

export function openSidecars(folder: string): Sidecars {
  const pathOf = (key: string, ino: number): string => join(folder, `${key}@${ino}`);

  return {
    async write(key, ino, { contentType, cacheControl }) {
      const path = pathOf(key, ino);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, JSON.stringify({ contentType, cacheControl }));
    },

    async read(key, ino) {
      try {
        return { found: true, values: headersSchema.parse(JSON.parse(await readFile(pathOf(key, ino), 'utf8'))) };
      } catch (error) {
        // Cut short by a crash of the machine, or never written: the ending tells the type.
        const unreadable = error instanceof SyntaxError || error instanceof z.ZodError;
        if (!unreadable && !hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
        return { found: false, values: { contentType: contentTypeOf(key) } };
      }
    },

    remove: (key, ino) => rm(pathOf(key, ino), { force: true }),
    removeBelow: (prefix) => rm(join(folder, prefix), { recursive: true, force: true }),
  };
}

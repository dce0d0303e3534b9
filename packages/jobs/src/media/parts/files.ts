import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';

const MADE = 'made.mp4';
const RECORD = 'made.json';

const recordSchema = z.object({
  /** Packets of each track. */
  packets: z.number().int().min(0),
  /** Faults of the source that the decoder went over. */
  faults: z.number().int().min(0),
});
/** What a finished part says of itself. */
export type PartRecord = z.infer<typeof recordSchema>;

/** What the parts of a media share in the storage until the job has its outcome; not below `media/`, which players may read. */
function workOf(mediaId: string): string {
  return `work/${mediaId}`;
}

function folderOf(mediaId: string, folder: string): string {
  return `${workOf(mediaId)}/${folder}`;
}

/** Stores a finished part: its record last, so that a part that has one is whole. */
export async function storePart(
  storage: Storage,
  { media_id, folder }: { media_id: string; folder: string },
  made: { file: string; record: PartRecord; signal: AbortSignal },
): Promise<void> {
  const prefix = folderOf(media_id, folder);
  const { file, record, signal } = made;
  await storage.putFile(`${prefix}/${MADE}`, file, { contentType: 'video/mp4', signal });
  await storage.put(`${prefix}/${RECORD}`, Buffer.from(JSON.stringify(record)), { contentType: 'application/json', signal });
}

/** The record of a part; undefined when it is not finished. */
export async function findPart(storage: Storage, { media_id, folder }: { media_id: string; folder: string }): Promise<PartRecord | undefined> {
  const key = `${folderOf(media_id, folder)}/${RECORD}`;
  if ((await storage.stat(key)) === null) return undefined;
  const { body } = await storage.get(key);
  return recordSchema.parse(JSON.parse(await text(body)));
}

/** Brings a finished part to a file. */
export async function fetchPart(storage: Storage, { media_id, folder }: { media_id: string; folder: string }, file: string, signal: AbortSignal): Promise<void> {
  await storage.download(`${folderOf(media_id, folder)}/${MADE}`, file, { signal });
}

export async function removePart(storage: Storage, { media_id, folder }: { media_id: string; folder: string }): Promise<void> {
  await storage.delete(folderOf(media_id, folder));
}

/** Removes all that parts of a media left in the storage. */
export async function removeWork(storage: Storage, mediaId: string): Promise<void> {
  await storage.delete(workOf(mediaId));
}

/** Where a source from outside is kept for all workers, once it was fetched. */
function copyOf(mediaId: string): string {
  return `${workOf(mediaId)}/source`;
}

/** The place that a source is best read from: the copy of one from outside, when there is one. */
export async function nearestSource(storage: Storage, mediaId: string, reference: string): Promise<string> {
  if (!reference.startsWith('https:')) return reference;
  return (await storage.stat(copyOf(mediaId))) === null ? reference : copyOf(mediaId);
}

/** Sees to it that all workers can read a source that is here in `file`, and returns its reference. @throws what `Storage.put` throws */
export async function shareSource(storage: Storage, mediaId: string, reference: string, { file, signal }: { file: string; signal: AbortSignal }): Promise<string> {
  const nearest = await nearestSource(storage, mediaId, reference);
  if (!nearest.startsWith('https:')) return nearest;
  await storage.put(copyOf(mediaId), createReadStream(file), { contentType: 'application/octet-stream', signal });
  return copyOf(mediaId);
}

/** The lengths of stretches in packets must be those that were asked for, up to where the video ends. @throws AppError `encoder_failed` */
export function assertUnbroken(stretches: readonly { wanted: number; made: number }[]): void {
  let ended = false;
  for (const { wanted, made } of stretches) {
    if (made > wanted || (ended && made > 0)) throw new AppError('encoder_failed', {}, { message: 'A part of the video lacks pictures.' });
    ended ||= made < wanted;
  }
}

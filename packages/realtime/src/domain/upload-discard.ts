import type { MediaRow } from '@armoricore/shared/db';
import type { ResumableUploads, Storage } from '@armoricore/shared/storage';
import { multipartOf } from './upload-target.ts';

/** Removes all objects of a media and what has come of its upload. Removing nothing is fine. */
export async function discardMedia(row: MediaRow, { storage, resumable }: { storage: Storage; resumable: ResumableUploads }): Promise<void> {
  const multipart = multipartOf(row);
  if (multipart !== null) await storage.abortMultipart(multipart);
  const upload = `uploads/${row.id}`;
  // A source that the backend brought by itself lies elsewhere, and stays.
  if (row.sourceKey?.startsWith(`${upload}/`) === true) await resumable.remove(row.sourceKey);
  await storage.delete(upload);
  await storage.delete(`work/${row.id}`);
  await storage.delete(`media/${row.id}`);
}

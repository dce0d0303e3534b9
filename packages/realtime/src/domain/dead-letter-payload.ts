import type { DeadLetterRow } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';

/** Larger payloads are not read into memory: they can be had from the storage. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/**
 * The payload of a letter: from its row, or the object that the row names. Null when somebody deleted the object.
 * @throws AppError `payload_too_large`, or as the storage does when it is away
 */
export async function loadPayload({ payload, payloadKey }: DeadLetterRow, storage: Storage): Promise<unknown> {
  if (payloadKey === null) return payload;
  const object = await storage.stat(payloadKey);
  if (object === null) return null;
  if (object.size > MAX_PAYLOAD_BYTES) throw new AppError('payload_too_large', { bytes: object.size, max_bytes: MAX_PAYLOAD_BYTES, key: payloadKey });
  const { body } = await storage.get(payloadKey);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
}

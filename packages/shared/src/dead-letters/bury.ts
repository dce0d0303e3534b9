import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { deadLetters, type Database, type DeadLetterRow, type Transaction } from '../db/index.ts';
import { newId, type ErrorCode } from '../kernel/index.ts';
import type { Storage } from '../storage/index.ts';

/** Payloads of more bytes than this go to the object storage, so that the table stays quick to list. */
const INLINE_BYTES = 32 * 1024;
/** The most of an error that is kept, in characters. */
const MAX_ERROR_LENGTH = 4_000;

/** An event or a job that failed for good, as the table `dead_letters` describes it. */
export interface DeadLetter {
  kind: DeadLetterRow['kind'];
  origin: string;
  refId: string;
  name: string;
  /** Anything that JSON can hold. */
  payload: unknown;
  reason: ErrorCode;
  attempts: number;
  lastError: string;
}

/**
 * Keeps a dead letter; the same one (kind, origin, refId) again changes nothing. With a transaction it is kept if and
 * only if that commits.
 */
export type Bury = (letter: DeadLetter, transaction?: Transaction) => Promise<void>;

export function createBury(db: Database, storage: Storage): Bury {
  return async ({ payload, lastError, ...letter }, transaction) => {
    const json = JSON.stringify(payload ?? null);
    const payloadBytes = Buffer.byteLength(json);
    const payloadKey = payloadBytes > INLINE_BYTES ? payloadKeyOf(letter) : null;
    if (payloadKey !== null) await storage.put(payloadKey, Buffer.from(json), { contentType: 'application/json' });
    await (transaction ?? db)
      .insert(deadLetters)
      .values({
        ...letter,
        id: newId(),
        payload: payloadKey === null ? sql`${withoutNul(json)}::jsonb` : null,
        payloadKey,
        payloadBytes,
        lastError: lastError.replaceAll('\0', '').slice(0, MAX_ERROR_LENGTH),
      })
      .onConflictDoNothing();
  };
}

/** The same letter has the same key, so that a repeated bury leaves no second object. */
function payloadKeyOf({ kind, origin, refId }: Pick<DeadLetter, 'kind' | 'origin' | 'refId'>): string {
  // A hash, for another system may have chosen the reference.
  return `dead-letters/${kind}/${origin}/${createHash('sha256').update(refId).digest('hex')}.json`;
}

/** PostgreSQL's jsonb holds no NUL character. */
function withoutNul(json: string): string {
  return json.replaceAll(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1');
}

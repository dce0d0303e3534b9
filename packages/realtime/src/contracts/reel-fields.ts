import { z } from 'zod';
import { bytesOf, isShallow, NOT_PLAIN, plainText, visibleText } from './text.ts';

/** Begins with a letter, a digit or _: -1 and .. are none. */
export const reelId = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'has 1 to 128 letters, digits, _, . and -, and begins with none of the last two');
export const userId = plainText(256);
/** The client's own name for an interaction. */
export const clientInteractionId = plainText(128);

/** Longest content of a comment, in characters as JavaScript counts them. */
const MAX_COMMENT = 500;
export const commentContent = visibleText(MAX_COMMENT);

/** Lowest first. */
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What interactions count. */
export const COUNTERS = ['likes', 'comments', 'shares', 'views'] as const;
export type Counter = (typeof COUNTERS)[number];

/** Whether the values of a key are how many more, and add up when updates are merged. Of all others the latest counts. */
export function isCounter(key: string): boolean {
  return (COUNTERS as readonly string[]).includes(key) || key.endsWith('_delta');
}

const MAX_KEYS = 64;
const MAX_DEPTH = 8;
/** Largest `update_data`, in bytes of JSON. */
const MAX_DATA_BYTES = 16 * 1024;
/** No sum of them leaves what JavaScript counts exactly. */
const MAX_COUNT = 1_000_000_000;

const key = z.string().regex(/^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/, 'has 1 to 64 letters, digits, _, ., : and -, and begins with a letter');

/** What an update says: keys of the publisher's, JSON below them. */
export const updateData = z
  .record(key, z.json())
  .refine((data) => Object.keys(data).length > 0, 'is empty')
  .refine((data) => Object.keys(data).length <= MAX_KEYS, `has more than ${MAX_KEYS} keys`)
  .refine((data) => isShallow(data, MAX_DEPTH), `is nested deeper than ${MAX_DEPTH}, or a text of it ${NOT_PLAIN}`)
  .refine((data) => bytesOf(JSON.stringify(data)) <= MAX_DATA_BYTES, `is larger than ${MAX_DATA_BYTES} bytes of JSON`)
  .superRefine((data, { addIssue }) => {
    for (const [name, value] of Object.entries(data)) {
      if (isCounter(name) && !isCount(value)) addIssue({ code: 'custom', path: [name], message: `counts how many more: a whole number up to ${MAX_COUNT}` });
    }
  });

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= MAX_COUNT;
}

/** Users of one update. */
const MAX_TARGETS = 1_000;
export const targetUsers = z.array(userId).max(MAX_TARGETS).transform((users) => [...new Set(users)].toSorted());

/** A topic of clients that an update may go to in place of its reel's. */
export const targetChannel = z
  .string()
  .max(300)
  .refine((topic) => {
    const [, kind, id] = /^(reel|user):(.*)$/s.exec(topic) ?? [];
    return kind !== undefined && (kind === 'reel' ? reelId : userId).safeParse(id).success;
  }, 'is neither reel:<reel_id> nor user:<user_id>');

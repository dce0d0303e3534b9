import { PRESENCE_STATUSES } from '@armoricore/shared/events';
import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { bytesOf, isShallow } from './text.ts';
import { plainText } from './text.ts';

const MAX_METADATA_BYTES = 2 * 1024;
const MAX_METADATA_DEPTH = 4;

export const presenceStatus = z.enum(PRESENCE_STATUSES);

/** What clients tell of themselves beside the status: their own business, within bounds. */
export const presenceMetadata = z
  .record(z.string(), z.unknown())
  .refine((value) => isShallow(value, MAX_METADATA_DEPTH), `nested deeper than ${MAX_METADATA_DEPTH}, or a text with NUL or half a surrogate pair`)
  .refine((value) => bytesOf(JSON.stringify(value)) <= MAX_METADATA_BYTES, `larger than ${MAX_METADATA_BYTES} bytes of JSON`);

/** What a room may be called. */
export const presenceRoom = z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'has 1 to 128 of A–Z a–z 0–9 _ . : -');

/** One device of a user in a room. */
const presenceMeta = z.object({ status: presenceStatus, metadata: presenceMetadata, online_at: z.iso.datetime() });
export type PresenceMetaView = z.infer<typeof presenceMeta>;

/** Who is in a room and how present; keys are user ids. */
export const presenceContract = defineChannel({
  topic: 'presence:{room}',
  join: { params: z.object({ status: presenceStatus.default('online'), metadata: presenceMetadata.default({}) }) },
  in: { 'presence:update': { payload: z.object({ status: presenceStatus.optional(), metadata: presenceMetadata.optional() }) } },
  out: {},
  presence: presenceMeta,
});

/** What is said of a user's presence; what is left out stays as it is. */
export const userPresenceChange = z.strictObject({
  status: presenceStatus,
  current_reel: z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'has 1 to 128 of A–Z a–z 0–9 _ . -').nullable().optional(),
  activity: plainText(256).nullable().optional(),
});
export type UserPresenceChange = z.infer<typeof userPresenceChange>;

/** What was said last, as it is told on `user:<id>`. */
export const userActivity = z
  .object({
    user_id: z.string(),
    status: presenceStatus,
    current_reel: z.string().nullable(),
    activity: z.string().nullable(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'UserActivity' });
export type UserActivity = z.infer<typeof userActivity>;

/** The presence of a user as REST shows it. */
export const userPresenceView = z
  .object({
    ...userActivity.shape,
    status: presenceStatus.describe('As it was said last; where nothing was, `online` with a socket and `offline` without.'),
    updated_at: z.iso.datetime().nullable(),
    last_seen_at: z.iso.datetime().nullable().describe('Up to a minute late; null for one who never connected.'),
    online: z.boolean().describe('Whether the user has a socket, on any node.'),
    sockets: z.number().int().describe('Open sockets on all nodes.'),
  })
  .meta({ id: 'UserPresence' });
export type UserPresenceView = z.infer<typeof userPresenceView>;

import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { clientInteractionId, commentContent, PRIORITIES } from './reel-fields.ts';

/** How pushes of a reel are encoded: JSON, or bytes of the Protobuf message `ReelUpdateBatch` (`proto/armoricore/v1/reel.proto`). */
export const ENCODINGS = ['json', 'protobuf'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Updates that a join reply shows. */
export const RECENT_UPDATES = 20;

const total = z.number().int();

/** What a reel got in all. Of two the one with the higher revision is newer. */
export const reelCounters = z
  .object({ likes: total, comments: total, shares: total, views: total, revision: z.number().int() })
  .meta({ id: 'ReelCounters' });
export type ReelCounters = z.infer<typeof reelCounters>;

export const reelComment = z
  .object({ id: z.string(), user_id: z.string(), content: z.string(), created_at: z.iso.datetime() })
  .meta({ id: 'ReelComment' });
export type ReelComment = z.infer<typeof reelComment>;

/** One update, or several that were merged: then `id` and `timestamp` are those of the newest, `priority` is the highest. */
export const reelUpdate = z
  .object({
    id: z.string(),
    reel_id: z.string(),
    update_data: z.record(z.string(), z.json()),
    target_users: z.array(z.string()).describe('Empty: everyone.'),
    target_channel: z.string().nullable().describe('The topic it went to in place of reel:<reel_id>.'),
    timestamp: z.number().int().describe('Milliseconds since the epoch.'),
    priority: z.enum(PRIORITIES),
  })
  .meta({ id: 'ReelUpdate' });
export type ReelUpdate = z.infer<typeof reelUpdate>;

export const reelJoinReply = z.object({
  reel_id: z.string(),
  counters: reelCounters,
  liked: z.boolean().describe('Whether the user likes it now.'),
  updates: z.array(reelUpdate).describe(`The last ${RECENT_UPDATES} that are kept, oldest first.`),
  encoding: z.enum(ENCODINGS).describe('How `reel_update` comes.'),
});
export type ReelJoinReply = z.infer<typeof reelJoinReply>;

/** Not bytes, which pass for an object without fields. */
const json = z.unknown().refine((payload) => !(payload instanceof Uint8Array), 'is not JSON');
const once = { client_interaction_id: clientInteractionId.nullish().transform((id) => id ?? null) };
const shareTarget = z.string().regex(/^[a-z0-9_.-]{1,32}$/, 'has 1 to 32 small letters, digits, _, . and -');
const counted = z.object({ counters: reelCounters });
const hearted = counted.extend({ liked: z.boolean() });

export const reelContract = defineChannel({
  topic: 'reel:{reel_id}',
  join: { params: z.object({ encoding: z.enum(ENCODINGS).default('json') }), reply: reelJoinReply },
  in: {
    'interaction:like': { payload: json.pipe(z.object(once)), reply: hearted },
    'interaction:unlike': { payload: json.pipe(z.object(once)), reply: hearted },
    'interaction:comment': { payload: json.pipe(z.object({ ...once, content: commentContent })), reply: counted.extend({ comment: reelComment }) },
    'interaction:share': {
      payload: json.pipe(z.object({ ...once, target: shareTarget.optional() })),
      reply: counted,
    },
    'interaction:view': { payload: json.pipe(z.object(once)), reply: counted },
  },
  out: { reel_update: reelUpdate },
});

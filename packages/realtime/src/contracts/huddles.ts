import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { conversationId, userId } from './chat-fields.ts';
import { isPlain, NOT_PLAIN } from './text.ts';
import { candidate, description, deviceId, type IceServer, type Signal } from './webrtc.ts';

/** Fewest and most that a huddle may be made for; the setting HUDDLE_MAX_PARTICIPANTS may allow fewer. */
export const SMALLEST_HUDDLE = 2;
export const LARGEST_HUDDLE = 100;

/** What a participant shows of itself. */
export interface Toggles {
  audio: boolean;
  video: boolean;
  screen: boolean;
  /** The hand is raised. */
  hand: boolean;
}

export interface ParticipantView extends Toggles {
  userId: string;
  /** Another one when connections to this participant have to be made anew. */
  ref: string;
  /** False while its socket is gone and its place is kept. */
  connected: boolean;
  joinedAt: string;
}

export interface HuddleView {
  huddleId: string;
  name: string | null;
  conversationId: string | null;
  maxParticipants: number;
  createdBy: string;
  createdAt: string;
}

export const createHuddle = z.object({
  name: z.string().trim().min(1).max(128).refine(isPlain, NOT_PLAIN).nullish().transform((name) => name ?? null),
  conversationId: conversationId.nullish().transform((id) => id ?? null),
  maxParticipants: z.number().int().min(SMALLEST_HUDDLE).max(LARGEST_HUDDLE).optional(),
});
export type CreateHuddle = z.output<typeof createHuddle>;

/** Where huddles begin. */
export const huddleLobbyContract = defineChannel({
  topic: 'huddle:lobby',
  in: { 'huddle:create': { payload: createHuddle, reply: z.custom<{ huddleId: string }>() } },
  out: {},
});

const toggle = { payload: z.object({ enabled: z.boolean() }) };
const to = z.object({ to: userId });
type Relayed = Signal & { huddleId: string; from: string };
interface About {
  huddleId: string;
  participant: ParticipantView;
}

export const huddleContract = defineChannel({
  topic: 'huddle:{huddle_id}',
  join: {
    params: z.object({ deviceId: deviceId.optional(), audio: z.boolean().default(false), video: z.boolean().default(false) }),
    reply: z.custom<{ huddle: HuddleView; participants: ParticipantView[]; iceServers: IceServer[] }>(),
  },
  in: {
    'huddle:leave': {},
    'huddle:end': {},
    'huddle:toggle-audio': toggle,
    'huddle:toggle-video': toggle,
    'huddle:toggle-screen': toggle,
    'huddle:raise-hand': { payload: z.object({ raised: z.boolean() }) },
    'webrtc:offer': { payload: description.and(to) },
    'webrtc:answer': { payload: description.and(to) },
    'webrtc:ice-candidate': { payload: candidate.and(to) },
  },
  out: {
    'huddle:participant:joined': z.custom<About>(),
    'huddle:participant:updated': z.custom<About>(),
    'huddle:participant:left': z.custom<{ huddleId: string; userId: string; ref: string; reason: 'left' | 'dropped' | 'elsewhere' }>(),
    'huddle:left': z.custom<{ huddleId: string; reason: 'elsewhere' | 'removed' }>(),
    'huddle:ended': z.custom<{ huddleId: string }>(),
    'webrtc:offer': z.custom<Relayed>(),
    'webrtc:answer': z.custom<Relayed>(),
    'webrtc:ice-candidate': z.custom<Relayed>(),
  },
});

/** A huddle over REST. */
export const huddleEntry = z
  .object({
    huddle_id: z.uuid(),
    name: z.string().nullable(),
    conversation_id: z.string().nullable(),
    max_participants: z.number().int(),
    created_by: z.string(),
    created_at: z.string(),
    ended_at: z.string().nullable(),
    participants: z.array(
      z.object({
        user_id: z.string(),
        audio: z.boolean(),
        video: z.boolean(),
        screen: z.boolean(),
        hand: z.boolean(),
        connected: z.boolean(),
        joined_at: z.string(),
      }),
    ),
  })
  .meta({ id: 'Huddle' });
export type HuddleEntry = z.infer<typeof huddleEntry>;

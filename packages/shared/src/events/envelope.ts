import { z } from 'zod';

/** Largest event on the bus, as JSON, in bytes. Anything larger travels as a reference to an object. */
export const MAX_EVENT_BYTES = 256 * 1024;

const SOURCE = /^[a-z][a-z0-9_.-]{0,63}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The envelope that every bus event travels in. The payload is checked apart, by its type's definition. */
export const envelopeSchema = z.strictObject({
  event_type: z.string().min(1).max(128),
  event_id: z.uuid(),
  timestamp: z.iso.datetime({ offset: true }),
  source: z.string().regex(SOURCE),
  payload: z.record(z.string(), z.unknown()),
  /** W3C traceparent. */
  trace: z.string().regex(TRACEPARENT).optional(),
  user_id: z.string().min(1).max(256).optional(),
});

export type Envelope = z.infer<typeof envelopeSchema>;

/** One event type of the bus. Declared once, by `defineEvent`. */
export interface EventDefinition<Type extends string = string, Payload = unknown> {
  type: Type;
  payload: z.ZodType<Payload>;
  /** Events with the same key are handled in the order of their publishing. */
  key(payload: Payload): string;
  /** Sources that may publish it; a token for another source is refused. */
  from: readonly EventSource[];
  doc: string;
}

/** Who publishes: the team's own backend, or one of our parts. */
export const EVENT_SOURCES = ['backend', 'realtime', 'media-worker', 'notification-worker', 'caption-worker', 'moderation-worker'] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

export function defineEvent<const Type extends string, S extends z.ZodType>(
  type: Type,
  definition: { payload: S; key: (payload: z.infer<S>) => string; from: readonly EventSource[]; doc: string },
): EventDefinition<Type, z.infer<S>> {
  return { type, ...definition } as EventDefinition<Type, z.infer<S>>;
}

import type { z } from 'zod';
import type { EventType } from '../events/index.ts';
import type { Backoff } from '../kernel/index.ts';

/** A kind of job, as data: what starts it, what it takes, what comes of it, how long and how often it may try. */
export interface JobContract<Name extends string = string, Input = unknown> {
  name: Name;
  queue: QueueName;
  /** The event that starts one such job; its payload is the input. */
  trigger: EventType;
  input: z.ZodType<Input>;
  /** Events that tell of its end: exactly one of them per job, however often it ran. */
  results: { done: EventType; failed: EventType };
  /** Tries in all, the first included. */
  attempts: number;
  backoff: Backoff;
}

export const QUEUES = ['media', 'notification', 'caption', 'moderation'] as const;
export type QueueName = (typeof QUEUES)[number];

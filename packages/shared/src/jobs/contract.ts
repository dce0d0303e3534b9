import type { z } from 'zod';
import type { EventType } from '../events/index.ts';
import type { Backoff } from '../kernel/index.ts';

/** What the queues know of all work: what it takes, how long and how often it may try. */
interface WorkContract<Name extends string, Input> {
  name: Name;
  queue: QueueName;
  input: z.ZodType<Input>;
  /** Tries in all, the first included. */
  attempts: number;
  backoff: Backoff;
}

/** A kind of job, as data: also what starts it and what comes of it. */
export interface JobContract<Name extends string = string, Input = unknown> extends WorkContract<Name, Input> {
  /** The event that starts one such job; its payload is the input. */
  trigger: EventType;
  /** The consumer group that turns these events into jobs, when it is not `jobs`: a flood of them holds up no other job then. */
  group?: string;
  /** Events that tell of its end: exactly one of them per job, however often it ran. */
  results: { done: EventType; failed: EventType };
}

/** A kind of work that a job hands out to any number of workers, and waits for. No event starts it or tells of its end. */
export interface PartContract<Name extends string = string, Input = unknown> extends WorkContract<Name, Input> {
  /** Name of the job that hands it out. */
  partOf: string;
}

export const QUEUES = ['media', 'notification', 'caption', 'moderation'] as const;
export type QueueName = (typeof QUEUES)[number];

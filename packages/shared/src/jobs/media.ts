import { eventDefinition, type PayloadOf } from '../events/index.ts';
import type { z } from 'zod';
import type { JobContract } from './contract.ts';

export const mediaTranscode: JobContract<'media.transcode', PayloadOf<'media.uploaded'>> = {
  name: 'media.transcode',
  queue: 'media',
  trigger: 'media.uploaded',
  input: eventDefinition('media.uploaded').payload as z.ZodType<PayloadOf<'media.uploaded'>>,
  results: { done: 'media.ready', failed: 'media.failed' },
  attempts: 4,
  backoff: { baseMs: 1_000, maxMs: 60_000 },
};

import type { z } from 'zod';
import { eventDefinition, type PayloadOf } from '../events/index.ts';
import type { JobContract } from './contract.ts';

export const captionTranscribe: JobContract<'caption.transcribe', PayloadOf<'transcription.requested'>> = {
  name: 'caption.transcribe',
  queue: 'caption',
  trigger: 'transcription.requested',
  input: eventDefinition('transcription.requested').payload as z.ZodType<PayloadOf<'transcription.requested'>>,
  results: { done: 'transcription.complete', failed: 'transcription.failed' },
  attempts: 5,
  backoff: { baseMs: 5_000, maxMs: 300_000 },
};

import { eventDefinition, type PayloadOf } from '../events/index.ts';
import type { z } from 'zod';
import type { JobContract } from './contract.ts';

/** The tries are for what is wrong on our side: providers that want a delivery later have it later, which counts as no try. */
export const notificationSend: JobContract<'notification.send', PayloadOf<'notification.requested'>> = {
  name: 'notification.send',
  queue: 'notification',
  trigger: 'notification.requested',
  group: 'notification-jobs',
  input: eventDefinition('notification.requested').payload as z.ZodType<PayloadOf<'notification.requested'>>,
  results: { done: 'notification.sent', failed: 'notification.failed' },
  attempts: 5,
  backoff: { baseMs: 500, maxMs: 30_000 },
};

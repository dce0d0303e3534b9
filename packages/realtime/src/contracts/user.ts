import type { PayloadOf } from '@armoricore/shared/events';
import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { mediaEvents } from './media.ts';

/** What concerns one user, for their own devices (and admins). */
export const userContract = defineChannel({
  topic: 'user:{user_id}',
  out: {
    ...mediaEvents,
    'notification:status': z.custom<PayloadOf<'notification.sent'> | PayloadOf<'notification.failed'>>(),
    'transcription:complete': z.custom<PayloadOf<'transcription.complete'>>(),
  },
});

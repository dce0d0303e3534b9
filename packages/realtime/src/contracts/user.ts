import type { PayloadOf } from '@armoricore/shared/events';
import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { callEvents } from './calls.ts';
import { mediaEvents } from './media.ts';
import { userActivity } from './presence.ts';

type Requested = PayloadOf<'notification.requested'>;

/** A notification that was asked for, told at once where the user has a socket. It may come twice: `notification_id` tells. */
export interface InAppNotification extends Pick<Requested, 'notification_id' | 'data' | 'priority' | 'category' | 'template' | 'params'> {
  /** Null where a template makes them: `notification:status` has the text. */
  title: string | null;
  body: string | null;
  created: string;
}

/** What concerns one user, for their own devices (and admins). */
export const userContract = defineChannel({
  topic: 'user:{user_id}',
  out: {
    ...mediaEvents,
    ...callEvents,
    user_activity: userActivity,
    notification: z.custom<InAppNotification>(),
    'notification:status': z.custom<PayloadOf<'notification.sent'> | PayloadOf<'notification.failed'>>(),
  },
});

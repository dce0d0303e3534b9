import { and, eq, isNull, lte, sql } from 'drizzle-orm';
import { deviceTokens, notificationSettings, type Database } from '@armoricore/shared/db';
import type { Recipient } from './recipients.ts';

/** Forgets an address that a provider has proven to be of no use, unless it was registered anew after `asOf` or since it was read. */
export type Forget = (recipient: Recipient, userId: string, asOf: Date) => Promise<void>;

export function createForget(db: Database): Forget {
  return async (recipient, userId, asOf) => {
    if (recipient.channel === 'email') {
      // The backend's address stays for it to see; no mail goes there until the backend sets it again.
      await db
        .update(notificationSettings)
        .set({ emailRefusedAt: sql`now()` })
        .where(and(eq(notificationSettings.userId, userId), eq(sql`lower(${notificationSettings.email})`, recipient.email.toLowerCase()), isNull(notificationSettings.emailRefusedAt)));
      return;
    }
    const readAt = recipient.registeredAt ?? asOf;
    await db.delete(deviceTokens).where(and(eq(deviceTokens.key, recipient.key), lte(deviceTokens.registeredAt, readAt)));
  };
}

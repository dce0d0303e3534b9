import { and, eq, isNull, lte, sql } from 'drizzle-orm';
import { deviceTokens, notificationSettings, type Transaction } from '@armoricore/shared/db';
import type { Recipient } from './recipients.ts';

/** Forgets an address that a provider has proven to be of no use, unless it was registered anew after `asOf` or since it was read. */
export async function forget(tx: Transaction, recipient: Recipient, userId: string, asOf: Date): Promise<void> {
  if (recipient.channel === 'email') {
    // The backend's address stays for it to see; no mail goes there until the backend sets it again.
    await tx
      .update(notificationSettings)
      .set({ emailRefusedAt: sql`now()` })
      .where(and(eq(notificationSettings.userId, userId), eq(sql`lower(${notificationSettings.email})`, recipient.email.toLowerCase()), isNull(notificationSettings.emailRefusedAt)));
    return;
  }
  const readAt = recipient.registeredAt ?? asOf;
  await tx.delete(deviceTokens).where(and(eq(deviceTokens.key, recipient.key), lte(deviceTokens.registeredAt, readAt)));
}

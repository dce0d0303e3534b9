import { notificationSettings } from '@armoricore/shared/db';
import { NO_PREFERENCES, type NotificationPreferences, type PushTarget } from '@armoricore/shared/notifications';
import type { NotificationLab } from './notification-lab.ts';

let serial = 0;

/** A device, and a user, of its own for each call. */
export const android = (): PushTarget => ({ platform: 'fcm', token: `android:${(serial += 1)}:of-the-test` });
export const iphone = (): PushTarget => ({ platform: 'apns', token: String((serial += 1)).padStart(64, 'a') });
export const user = (): string => `user-${(serial += 1)}`;

/** Sets what a user wishes, and where his mails go. */
export async function prefer(lab: NotificationLab, userId: string, preferences: Partial<NotificationPreferences>, address: string | null = null): Promise<void> {
  await lab.database.db.insert(notificationSettings).values({ userId, email: address, preferences: { ...NO_PREFERENCES, ...preferences } });
}

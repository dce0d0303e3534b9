import { sql } from 'drizzle-orm';
import type { Database, DeviceRow } from '@armoricore/shared/db';
import { NO_PREFERENCES, notificationPreferences, type NotificationPreferences, type PushTarget } from '@armoricore/shared/notifications';

export interface KnownDevice {
  id: string;
  target: PushTarget;
  locale: string | null;
  registeredAt: Date;
}

/** What is known of a user that decides how to tell him something. */
export interface UserProfile {
  /** Null when there is none, or mails to it come back. */
  email: string | null;
  preferences: NotificationPreferences;
  /** The latest registered first. */
  devices: KnownDevice[];
}

/** More devices than any user has; the limit of the REST call is far below. */
const MOST_DEVICES = 1_000;

interface Found extends Record<string, unknown> {
  email: string | null;
  preferences: unknown;
  devices: (Pick<DeviceRow, 'id' | 'platform' | 'address' | 'subscription' | 'locale'> & { registered_at: string })[];
}

export async function loadProfile(db: Database, userId: string): Promise<UserProfile> {
  const { rows } = await db.execute<Found>(sql`
    SELECT CASE WHEN s.email_refused_at IS NULL THEN s.email END AS email, s.preferences, coalesce(d.devices, '[]') AS devices
    FROM (SELECT ${userId}::text AS user_id) AS u
    LEFT JOIN notification_settings s USING (user_id)
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(to_jsonb(t) ORDER BY registered_at DESC) AS devices FROM (
        SELECT id, platform, address, subscription, locale, registered_at FROM device_tokens
        WHERE user_id = u.user_id ORDER BY registered_at DESC LIMIT ${MOST_DEVICES}
      ) AS t
    ) AS d ON true`);
  const { email = null, preferences, devices = [] } = rows[0] ?? {};
  return {
    email,
    preferences: notificationPreferences.safeParse(preferences ?? {}).data ?? NO_PREFERENCES,
    devices: devices.map(({ id, platform, address, subscription, locale, registered_at }) => ({
      id,
      locale,
      registeredAt: new Date(registered_at),
      target: platform === 'webpush' ? { platform, subscription: subscription! } : { platform, token: address },
    })),
  };
}

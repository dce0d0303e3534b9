import type { ConfigOf, notificationConfig } from '@armoricore/shared/config';
import type { Database } from '@armoricore/shared/db';
import { createUnsubscribeSigner, type UnsubscribeSigner } from '@armoricore/shared/notifications';
import { createDeviceService, type DeviceService } from '../domain/devices.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import { createNotificationLog, type NotificationLog } from '../domain/notification-log.ts';
import { createNotificationSettings, type NotificationSettingsService } from '../domain/notification-settings.ts';
import { createDeviceRepository } from '../persistence/devices.ts';
import { createMailbox, createNotificationLogRepository } from '../persistence/notification-log.ts';
import { createNotificationSettingsRepository } from '../persistence/notification-settings.ts';

export interface NotificationOptions {
  db: Database;
  config: Pick<ConfigOf<{ notifications: typeof notificationConfig }>['notifications'], 'VAPID_PUBLIC_KEY' | 'NOTIFY_DEVICES_PER_USER'>;
  /** The one that signs the links of mails. */
  secret: string;
}

/** What the routes of notifications need. */
export interface Notifications {
  devices: DeviceService;
  notificationSettings: NotificationSettingsService;
  notificationLog: NotificationLog;
  unsubscribeSigner: UnsubscribeSigner;
  mailbox: Mailbox;
}

export function openNotifications({ db, config, secret }: NotificationOptions): Notifications {
  return {
    devices: createDeviceService(createDeviceRepository(db), { most: config.NOTIFY_DEVICES_PER_USER, webPushKey: config.VAPID_PUBLIC_KEY }),
    notificationSettings: createNotificationSettings(createNotificationSettingsRepository(db)),
    notificationLog: createNotificationLog(createNotificationLogRepository(db)),
    unsubscribeSigner: createUnsubscribeSigner(secret),
    mailbox: createMailbox(db),
  };
}

import type { DeliveryState } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import { hasRole, ownsOrAdmin, type Identity } from '../auth/identity.ts';

export interface NotificationEntry {
  id: string;
  userId: string;
  category: string;
  title: string;
  body: string;
  data: Record<string, unknown>;
  createdAt: Date;
  /** When all its deliveries had ended; null while some wait. */
  finishedAt: Date | null;
}

/** What became of a notification for one device or address. */
export interface DeliveryEntry {
  channel: 'push' | 'email';
  platform: string;
  address: string;
  deviceId: string | null;
  state: DeliveryState;
  reason: string | null;
  providerId: string | null;
  attempts: number;
  dueAt: Date;
  updatedAt: Date;
}

export interface NotificationLogRepository {
  find(id: string): Promise<NotificationEntry | null>;
  /** At most `limit`. */
  deliveriesOf(id: string, limit: number): Promise<DeliveryEntry[]>;
  /** The newest first; `before` is a `next` of an earlier page. */
  listOf(userId: string, page: { before?: string | undefined; limit: number }): Promise<{ notifications: NotificationEntry[]; next: string | null }>;
}

/** Deliveries that are shown of one notification. */
const MOST_DELIVERIES = 1_000;

export type NotificationLog = ReturnType<typeof createNotificationLog>;

/** What users were told, and by which device. */
export function createNotificationLog(repository: NotificationLogRepository) {
  return {
    listOf: repository.listOf,
    /** @throws AppError `not_found`, also to those whom it does not concern */
    async find(identity: Identity, id: string): Promise<{ notification: NotificationEntry; deliveries: DeliveryEntry[] }> {
      const notification = await repository.find(id);
      const may = notification !== null && (ownsOrAdmin(identity, notification.userId) || hasRole(identity, 'service'));
      if (!may) throw new AppError('not_found');
      return { notification, deliveries: await repository.deliveriesOf(id, MOST_DELIVERIES) };
    },
  };
}

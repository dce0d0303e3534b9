import { AppError } from '@armoricore/shared/kernel';
import type { Platform, PushTarget } from '@armoricore/shared/notifications';

/** What an app says of the device that it registers. */
export interface DeviceFields {
  locale?: string | undefined;
  timezone?: string | undefined;
  app?: string | undefined;
}

export interface Device {
  id: string;
  platform: Platform;
  /** As much of the token or the endpoint as may be shown. */
  address: string;
  app: string | null;
  locale: string | null;
  timezone: string | null;
  createdAt: Date;
  /** When the app last said that it has this token. */
  registeredAt: Date;
}

export interface DeviceRepository {
  /**
   * Writes a device down, or that it is still there. A token that another user had moves; the devices that registered longest ago
   * and are more than `most` go.
   */
  register(userId: string, target: PushTarget, fields: DeviceFields, most: number): Promise<{ device: Device; created: boolean }>;
  /** The latest registered first. */
  listOf(userId: string): Promise<Device[]>;
  /** False when the user has no such device. */
  remove(userId: string, id: string): Promise<boolean>;
  /** The same by the token or the endpoint of the device. */
  removeAddress(userId: string, address: string): Promise<void>;
}

export type DeviceService = ReturnType<typeof createDeviceService>;

/** The devices of users that may get pushes. */
export function createDeviceService(repository: DeviceRepository, { most, webPushKey }: { most: number; webPushKey: string | undefined }) {
  return {
    /** What pages need to subscribe with (`applicationServerKey`); null where there is no web push. */
    webPushKey: webPushKey ?? null,
    register: (userId: string, target: PushTarget, fields: DeviceFields) => repository.register(userId, target, fields, most),
    listOf: repository.listOf,
    /** @throws AppError `not_found` */
    async remove(userId: string, id: string): Promise<void> {
      if (!(await repository.remove(userId, id))) throw new AppError('not_found');
    },
    removeAddress: repository.removeAddress,
  };
}

import { deviceTokens, type Database, type DeviceRow } from '@armoricore/shared/db';
import { newId } from '@armoricore/shared/kernel';
import { addressOf, deviceKey, maskToken } from '@armoricore/shared/notifications';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Device, DeviceRepository } from '../domain/devices.ts';

/** Devices in PostgreSQL. */
export function createDeviceRepository(db: Database): DeviceRepository {
  return {
    register: (userId, target, { locale = null, timezone = null, app = null }, most) =>
      db.transaction(async (tx) => {
        const address = addressOf(target);
        const subscription = target.platform === 'webpush' ? target.subscription : null;
        const fields = { userId, subscription, locale, timezone, app };
        const id = newId();
        const [row] = await tx
          .insert(deviceTokens)
          .values({ id, platform: target.platform, key: deviceKey(target.platform, address), address, ...fields })
          .onConflictDoUpdate({ target: deviceTokens.key, set: { ...fields, registeredAt: sql`now()` } })
          .returning();
        await tx.execute(sql`
          DELETE FROM device_tokens WHERE id IN (
            SELECT id FROM device_tokens WHERE user_id = ${userId} ORDER BY registered_at DESC, id DESC OFFSET ${most} FOR UPDATE SKIP LOCKED
          )`);
        return { device: deviceOf(row!), created: row!.id === id };
      }),

    async listOf(userId) {
      const rows = await db.select().from(deviceTokens).where(eq(deviceTokens.userId, userId)).orderBy(desc(deviceTokens.registeredAt), desc(deviceTokens.id));
      return rows.map(deviceOf);
    },

    async remove(userId, id) {
      const removed = await db.delete(deviceTokens).where(and(eq(deviceTokens.id, id), eq(deviceTokens.userId, userId))).returning({ id: deviceTokens.id });
      return removed.length > 0;
    },

    async removeAddress(userId, address) {
      await db.delete(deviceTokens).where(and(eq(deviceTokens.userId, userId), eq(deviceTokens.address, address)));
    },
  };
}

function deviceOf({ id, platform, address, app, locale, timezone, createdAt, registeredAt }: DeviceRow): Device {
  return { id, platform, address: maskToken(platform, address), app, locale, timezone, createdAt, registeredAt };
}

import { create, toBinary } from '@bufbuild/protobuf';
import type { ReelUpdate } from '../contracts/reel.ts';
import { Priority, ReelUpdateBatchSchema } from '../generated/armoricore/v1/reel_pb.ts';

const PRIORITY = { low: Priority.LOW, normal: Priority.NORMAL, high: Priority.HIGH, urgent: Priority.URGENT } as const;

/** Writes an update as a `ReelUpdateBatch`. Texts of `update_data` stay as they are, all else becomes its JSON. */
export function encodeReelUpdate(update: ReelUpdate): Uint8Array {
  const updateData = Object.fromEntries(Object.entries(update.update_data).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]));
  const message = {
    id: update.id,
    reelId: update.reel_id,
    updateData,
    targetUsers: update.target_users,
    targetChannel: update.target_channel ?? '',
    timestamp: BigInt(update.timestamp),
    priority: PRIORITY[update.priority],
  };
  return toBinary(ReelUpdateBatchSchema, create(ReelUpdateBatchSchema, { updates: [message] }));
}

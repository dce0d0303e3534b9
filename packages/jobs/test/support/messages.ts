import { newId } from '@armoricore/shared/kernel';
import type { PushTarget } from '@armoricore/shared/notifications';
import type { PushDevice, PushMessage } from '../../src/notifications/port.ts';

export function pushMessage(more: Partial<PushMessage> = {}): PushMessage {
  return { id: newId(), notificationId: 'n-1', kind: 'alert', title: 'Hello', body: 'You have a message.', data: { chat: 7 }, tag: 'n-1', priority: 'high', ttlS: 60, ...more };
}

export function deviceOf(target: PushTarget, registeredAt: Date | null = null): PushDevice {
  return { target, registeredAt };
}

import { consumerService, type Bus } from '@armoricore/shared/bus';
import type { BusEvent, EventType, PayloadOf } from '@armoricore/shared/events';
import type { Service } from '@armoricore/shared/kernel';
import type { InAppNotification } from '../contracts/user.ts';
import type { Endpoint } from '../engine/index.ts';

/** The socket event of a bus event, and the topics that hear it. Its payload is that of the bus event, unless it has another. */
type Route = (event: BusEvent) => { event: string; topics: string[]; payload?: object };

const toMediaAndOwner: Route = ({ event_type, payload }) => {
  const { media_id, user_id } = payload as { media_id: string; user_id?: string };
  const topics = user_id === undefined ? [`media:${media_id}`] : [`media:${media_id}`, `user:${user_id}`];
  return { event: event_type.replace('.', ':'), topics };
};

const toUserStatus: Route = ({ payload }) => ({ event: 'notification:status', topics: [`user:${(payload as { user_id: string }).user_id}`] });

/** What wakes an app or lets it ring shows nothing, and so is not told. */
const toUser: Route = ({ payload, timestamp }) => {
  const { notification_id, user_id, kind = 'alert', title = null, body = null, data, priority, category, template, params } = payload as PayloadOf<'notification.requested'>;
  const notification: InAppNotification = {
    notification_id, title, body, data, priority, created: timestamp,
    ...(category && { category }), ...(template && { template }), ...(params && { params }),
  };
  return { event: 'notification', topics: kind === 'alert' ? [`user:${user_id}`] : [], payload: notification };
};

const ROUTES: Partial<Record<EventType, Route>> = {
  'media.progress': toMediaAndOwner,
  'media.ready': toMediaAndOwner,
  'media.failed': toMediaAndOwner,
  'transcription.complete': toMediaAndOwner,
  'transcription.failed': toMediaAndOwner,
  'notification.requested': toUser,
  'notification.sent': toUserStatus,
  'notification.failed': toUserStatus,
};

/** What events of the bus do beside being broadcast. */
export interface BridgeActions {
  onUserRevoked(event: BusEvent<'user.revoked'>): Promise<void>;
}

/** Carries events of the bus to the topics of sockets, and to what acts on them. */
export function createBridge(bus: Bus, endpoint: Endpoint, { onUserRevoked }: BridgeActions): Service {
  return consumerService('bridge', bus, {
    group: 'realtime',
    types: [...(Object.keys(ROUTES) as EventType[]), 'user.revoked'],
    async handler(event) {
      if (event.event_type === 'user.revoked') return onUserRevoked(event);
      const route = ROUTES[event.event_type]?.(event);
      for (const topic of route?.topics ?? []) endpoint.broadcast(topic, route!.event, route!.payload ?? event.payload);
    },
  });
}

import { AppError } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { presenceContract, presenceRoom, type PresenceMetaView } from '../contracts/presence.ts';
import { mostPresent, type PresenceReports } from '../domain/presence-reports.ts';
import type { Rate, RateLimiter } from '../domain/rate-limit.ts';
import { channelFor, type Channel, type ChannelContext } from '../engine/index.ts';

/** How often a user may change his presence in one room, and how often he may join rooms: a client that comes back joins all of its own. */
const UPDATES: Rate = { perSecond: 5, burst: 20 };
const JOINS: Rate = { perSecond: 20, burst: 200 };

interface Assigns {
  /** What this device shows. */
  meta: PresenceMetaView;
}
type Context = ChannelContext<typeof presenceContract, Identity, Assigns>;

/** `presence:<room>`: who is there, each with a status and metadata of his own. */
export function createPresenceChannel({ reports, limiter }: { reports: PresenceReports; limiter: RateLimiter }): Channel<Identity> {
  function limit(what: readonly string[], rate: Rate): void {
    const wait = limiter.take(JSON.stringify(what), rate);
    if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
  }

  /** The state is read when it is told: of several changes the last one counts, and of several devices the most present. */
  function report({ topic, presence, socket }: Context): void {
    const { userId } = socket.identity;
    reports.note({ userId, topic, read: () => mostPresent(presence.get(userId).map((meta) => (meta as unknown as PresenceMetaView).status)) });
  }

  return channelFor<Identity>()<typeof presenceContract, Assigns>(presenceContract, {
    join({ vars, params, socket }) {
      const room = presenceRoom.safeParse(vars.room);
      if (!room.success) throw new AppError('invalid_payload', { path: 'room', issues: [{ path: 'room', message: room.error.issues[0]!.message }] });
      limit([socket.identity.userId, 'phx_join'], JOINS);
      return { assigns: { meta: { ...params, online_at: new Date().toISOString() } } };
    },

    joined(channel) {
      channel.presence.track(channel.socket.identity.userId, channel.assigns.meta);
      report(channel);
      return channel.presence.pushState();
    },

    on: {
      'presence:update'({ status, metadata }, channel) {
        const { userId } = channel.socket.identity;
        limit([userId, channel.topic], UPDATES);
        const { meta } = channel.assigns;
        channel.assigns.meta = { ...meta, status: status ?? meta.status, metadata: metadata ?? meta.metadata };
        channel.presence.update(userId, channel.assigns.meta);
        report(channel);
      },
    },

    terminate(reason, channel) {
      // Clients of a node that ends come back to another, which says so.
      if (reason !== 'shutdown') report(channel);
    },
  });
}

import type { Bus } from '@armoricore/shared/bus';
import type { Database } from '@armoricore/shared/db';
import type { Log, Service } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { createHuddleChannel, createHuddleLobby } from '../channels/huddle.ts';
import { limitBy } from '../channels/webrtc-limits.ts';
import { createCallChannel, createWebrtcLobby } from '../channels/webrtc.ts';
import { createCallService, type CallService } from '../domain/calls.ts';
import type { OnlineAmong } from '../domain/chat-notices.ts';
import { createHuddleService, type HuddleOptions, type HuddleService } from '../domain/huddles.ts';
import { createRateLimiter } from '../domain/rate-limit.ts';
import type { RoomMessage, RoomNetwork } from '../domain/webrtc-rooms.ts';
import type { Channel, PubSub } from '../engine/index.ts';
import { createCallRepository } from '../persistence/calls.ts';
import { createHuddleRepository } from '../persistence/huddles.ts';
import { createIceServers, type WebrtcConfig } from './ice-servers.ts';

export interface WebrtcOptions {
  db: Database;
  bus: Bus;
  pubsub: PubSub;
  config: WebrtcConfig;
  onlineAmong: OnlineAmong;
  admit: HuddleOptions['admit'];
  log: Log;
}

export interface Webrtc {
  /** The lobbies first: their topics would fit the others, too. */
  channels: Channel<Identity>[];
  calls: CallService;
  huddles: HuddleService;
  services: Service[];
}

/** Puts the parts of calls and huddles together. @throws ConfigError */
export function openWebrtc({ db, bus, pubsub, config, onlineAmong, admit, log }: WebrtcOptions): Webrtc {
  const limit = limitBy(createRateLimiter());
  const iceServers = createIceServers(config);
  const calls = createCallService({
    repository: createCallRepository(db, bus, { graceMs: config.CALL_GRACE_MS }),
    network: networkOver(pubsub, 'armoricore.call'),
    tellUser: (userId, event, payload) => pubsub.publish({ topic: `user:${userId}`, event, payload }),
    onlineAmong,
    iceServers,
    ringMs: config.CALL_RING_MS,
    graceMs: config.CALL_GRACE_MS,
    requireConversation: config.CALL_REQUIRE_CONVERSATION,
    log,
  });
  const huddles = createHuddleService({
    repository: createHuddleRepository(db, { graceMs: config.HUDDLE_GRACE_MS }),
    network: networkOver(pubsub, 'armoricore.huddle'),
    admit,
    onMemberRemoved: (conversationId, listener) =>
      pubsub.subscribe(`chat:${conversationId}`, ({ event, payload }) => {
        if (event === 'member:removed') listener((payload as { userId: string }).userId);
      }),
    iceServers,
    graceMs: config.HUDDLE_GRACE_MS,
    maxParticipants: config.HUDDLE_MAX_PARTICIPANTS,
    log,
  });
  return {
    channels: [createWebrtcLobby(calls, limit), createCallChannel(calls, limit), createHuddleLobby(huddles, limit), createHuddleChannel(huddles, limit)],
    calls,
    huddles,
    services: [calls.service, huddles.service],
  };
}

/** Rooms have topics that no client can join: no channel has them. */
function networkOver(pubsub: PubSub, prefix: string): RoomNetwork {
  const topicOf = (roomId: string): string => `${prefix}.${roomId}`;
  return {
    publish: (roomId, message) => pubsub.publish({ topic: topicOf(roomId), event: 'room', payload: message }),
    subscribe: (roomId, listener) => pubsub.subscribe(topicOf(roomId), ({ payload }) => listener(payload as RoomMessage)),
  };
}

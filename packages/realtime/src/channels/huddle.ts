import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { Identity } from '../auth/identity.ts';
import { huddleContract, huddleLobbyContract, type Toggles } from '../contracts/huddles.ts';
import type { RelayedEvent, Signal } from '../contracts/webrtc.ts';
import type { HuddleService } from '../domain/huddles.ts';
import { channelFor, noReply, type Channel, type ChannelContext } from '../engine/index.ts';
import { countCandidate, type Limit } from './webrtc-limits.ts';
import { ChannelSession, LEFT } from './webrtc-session.ts';

interface Assigns {
  session: ChannelSession;
}
type Context = ChannelContext<typeof huddleContract, Identity, Assigns>;

const huddleId = z.uuid();

/** `huddle:lobby`: here huddles are made. */
export function createHuddleLobby(huddles: HuddleService, limit: Limit): Channel<Identity> {
  return channelFor<Identity>()(huddleLobbyContract, {
    join: ({ topic, socket }) => limit({ topic, socket }, 'phx_join'),
    on: {
      'huddle:create'(payload, { topic, socket }, request) {
        limit({ topic, socket }, request.event);
        return huddles.create(socket.identity, payload);
      },
    },
  });
}

/** `huddle:<huddle_id>`: who joins is in it. */
export function createHuddleChannel(huddles: HuddleService, limit: Limit): Channel<Identity> {
  function toggle(channel: Context, event: string, change: Partial<Toggles>): Promise<void> {
    limit(channel, event);
    return huddles.toggle(channel.vars.huddle_id, channel.assigns.session, change);
  }

  function relay(channel: Context, event: RelayedEvent, signal: Signal & { to: string }): void {
    limit(channel, event);
    huddles.relay(channel.vars.huddle_id, channel.assigns.session, event, signal);
  }

  return channelFor<Identity>()<typeof huddleContract, Assigns>(huddleContract, {
    async join({ vars, topic, params, socket, signal }) {
      limit({ topic, socket }, 'phx_join');
      if (!huddleId.safeParse(vars.huddle_id).success) throw new AppError('not_found');
      const session = new ChannelSession(socket, params.deviceId);
      const reply = await huddles.arrive(vars.huddle_id, socket.identity, session, params);
      const stopListening = huddles.whenRemoved(vars.huddle_id, session);
      session.watch(signal, (how) => {
        stopListening();
        huddles.gone(vars.huddle_id, session, how);
      });
      return { reply, assigns: { session } };
    },

    joined(channel) {
      channel.assigns.session.open(channel);
    },

    on: {
      async 'huddle:leave'(_payload, channel, request) {
        await huddles.leave(channel.vars.huddle_id, channel.assigns.session);
        request.reply({});
        channel.stop(LEFT);
        return noReply;
      },
      'huddle:end'(_payload, channel, request) {
        limit(channel, request.event);
        return huddles.end(channel.vars.huddle_id, channel.socket.identity);
      },
      'huddle:toggle-audio': ({ enabled }, channel, { event }) => toggle(channel, event, { audio: enabled }),
      'huddle:toggle-video': ({ enabled }, channel, { event }) => toggle(channel, event, { video: enabled }),
      'huddle:toggle-screen': ({ enabled }, channel, { event }) => toggle(channel, event, { screen: enabled }),
      'huddle:raise-hand': ({ raised }, channel, { event }) => toggle(channel, event, { hand: raised }),
      'webrtc:offer': (signal, channel) => relay(channel, 'webrtc:offer', signal),
      'webrtc:answer': (signal, channel) => relay(channel, 'webrtc:answer', signal),
      'webrtc:ice-candidate'(signal, channel) {
        countCandidate(channel.assigns.session);
        relay(channel, 'webrtc:ice-candidate', signal);
      },
    },

    terminate(reason, { assigns }) {
      assigns.session.left = reason === LEFT;
    },
  });
}

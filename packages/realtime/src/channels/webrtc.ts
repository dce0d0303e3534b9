import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { Identity } from '../auth/identity.ts';
import { callContract, webrtcLobbyContract } from '../contracts/calls.ts';
import type { RelayedEvent, Signal } from '../contracts/webrtc.ts';
import type { CallService } from '../domain/calls.ts';
import { channelFor, type Channel, type ChannelContext } from '../engine/index.ts';
import { countCandidate, type Limit } from './webrtc-limits.ts';
import { ChannelSession, connectionOf, LEFT } from './webrtc-session.ts';

interface Assigns {
  session: ChannelSession;
}
type Context = ChannelContext<typeof callContract, Identity, Assigns>;

const callId = z.uuid();

/** `webrtc:lobby`: here calls begin. */
export function createWebrtcLobby(calls: CallService, limit: Limit): Channel<Identity> {
  return channelFor<Identity>()(webrtcLobbyContract, {
    async join({ topic, socket }) {
      limit({ topic, socket }, 'phx_join');
      return { reply: { call: await calls.current(socket.identity.userId) } };
    },
    on: {
      'call:initiate'(payload, { topic, socket }, request) {
        limit({ topic, socket }, request.event);
        return calls.initiate({ userId: socket.identity.userId, connection: connectionOf(socket) }, payload);
      },
    },
  });
}

/** `webrtc:<call_id>`: a call, for the devices of its two. */
export function createCallChannel(calls: CallService, limit: Limit): Channel<Identity> {
  function relay(channel: Context, event: RelayedEvent, signal: Signal): void {
    limit(channel, event);
    calls.relay(channel.vars.call_id, channel.assigns.session, event, signal);
  }

  return channelFor<Identity>()<typeof callContract, Assigns>(callContract, {
    async join({ vars, topic, params, socket, signal }) {
      limit({ topic, socket }, 'phx_join');
      if (!callId.safeParse(vars.call_id).success) throw new AppError('not_found');
      const session = new ChannelSession(socket, params.deviceId);
      const reply = await calls.arrive(vars.call_id, session);
      session.watch(signal, (how) => calls.gone(vars.call_id, session, how));
      return { reply, assigns: { session } };
    },

    joined(channel) {
      channel.assigns.session.open(channel);
    },

    on: {
      'call:initiate'(payload, { topic, socket }, request) {
        limit({ topic, socket }, request.event);
        return calls.initiate({ userId: socket.identity.userId, connection: connectionOf(socket) }, payload);
      },
      'call:answer'(payload, channel, request) {
        limit(channel, request.event);
        assertHere(payload, channel);
        return calls.answer(channel.vars.call_id, channel.assigns.session);
      },
      'call:reject'(payload, channel, request) {
        limit(channel, request.event);
        assertHere(payload, channel);
        return calls.reject(channel.vars.call_id, channel.assigns.session);
      },
      'call:end'(payload, channel, request) {
        limit(channel, request.event);
        assertHere(payload, channel);
        return calls.end(channel.vars.call_id, channel.assigns.session);
      },
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

/** @throws AppError `invalid_payload` when a payload names another call than its topic */
function assertHere({ callId: named }: { callId?: string | undefined }, { vars }: Context): void {
  if (named === undefined || named === vars.call_id) return;
  throw new AppError('invalid_payload', { path: 'callId', issues: [{ path: 'callId', message: `is not the call of this topic, ${vars.call_id}` }] });
}

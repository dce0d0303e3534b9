import { AppError } from '@armoricore/shared/kernel';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { IncomingCall } from '../contracts/calls.ts';
import { userContract } from '../contracts/index.ts';
import type { CallService } from '../domain/calls.ts';
import { channelFor, type Channel, type ChannelContext } from '../engine/index.ts';
import { connectionOf } from './webrtc-session.ts';

interface Assigns {
  /** The call that the client was told of last. */
  rung: string | null;
}

/** `user:<user_id>`: what concerns one user. */
export function createUserChannel(calls: Pick<CallService, 'tellIncoming'>): Channel<Identity> {
  return channelFor<Identity>()<typeof userContract, Assigns>(userContract, {
    join({ vars, socket }) {
      if (!ownsOrAdmin(socket.identity, vars.user_id)) throw new AppError('forbidden');
      return { assigns: { rung: null } };
    },

    joined(channel) {
      const { userId } = channel.socket.identity;
      if (userId === channel.vars.user_id) calls.tellIncoming(userId, (call) => ring(call, channel));
    },

    intercept: {
      'call:incoming': ring,
      'call:ended'({ connection, ...ended }, channel) {
        if (connection === undefined || connection !== connectionOf(channel.socket)) channel.push('call:ended', ended);
      },
    },
  });
}

/** Tells of a call once: it may be told to all while it is looked for. */
function ring(call: IncomingCall, channel: ChannelContext<typeof userContract, Identity, Assigns>): void {
  if (channel.assigns.rung === call.callId) return;
  channel.assigns.rung = call.callId;
  channel.push('call:incoming', call);
}

import { AppError } from '@armoricore/shared/kernel';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import { userContract } from '../contracts/index.ts';
import type { CallService } from '../domain/calls.ts';
import { channelFor, type Channel } from '../engine/index.ts';
import { connectionOf } from './webrtc-session.ts';

/** `user:<user_id>`: what concerns one user. */
export function createUserChannel(calls: Pick<CallService, 'tellIncoming'>): Channel<Identity> {
  return channelFor<Identity>()(userContract, {
    join({ vars, socket }) {
      if (!ownsOrAdmin(socket.identity, vars.user_id)) throw new AppError('forbidden');
    },

    joined(channel) {
      const { userId } = channel.socket.identity;
      if (userId === channel.vars.user_id) calls.tellIncoming(userId, (call) => channel.push('call:incoming', call));
    },

    intercept: {
      'call:ended'({ connection, ...ended }, channel) {
        if (connection === undefined || connection !== connectionOf(channel.socket)) channel.push('call:ended', ended);
      },
    },
  });
}

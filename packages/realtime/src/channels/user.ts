import { AppError } from '@armoricore/shared/kernel';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import { userContract } from '../contracts/index.ts';
import { channelFor, type Channel } from '../engine/index.ts';

export const userChannel: Channel<Identity> = channelFor<Identity>()(userContract, {
  join({ vars, socket }) {
    if (!ownsOrAdmin(socket.identity, vars.user_id)) throw new AppError('forbidden');
  },
});

import { AppError } from '@armoricore/shared/kernel';
import { hasRole, type Identity } from '../auth/identity.ts';
import { systemContract, type SystemStats } from '../contracts/system.ts';
import { channelFor, type Channel } from '../engine/index.ts';

/** `system`: the figures of the nodes, for admins. The first come at once. */
export function createSystemChannel(recent: () => SystemStats): Channel<Identity> {
  return channelFor<Identity>()(systemContract, {
    join({ socket }) {
      if (!hasRole(socket.identity, 'admin')) throw new AppError('forbidden', { needed_role: 'admin' });
    },
    joined(channel) {
      channel.push('system_stats', recent());
    },
  });
}

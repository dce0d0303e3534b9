import type { Identity } from '../auth/identity.ts';
import { mediaContract } from '../contracts/index.ts';
import type { MediaService } from '../domain/media.ts';
import { channelFor, type Channel } from '../engine/index.ts';

export function createMediaChannel(media: MediaService): Channel<Identity> {
  return channelFor<Identity>()(mediaContract, {
    async join({ vars, socket }) {
      return { reply: await media.get(vars.media_id, socket.identity) };
    },
  });
}

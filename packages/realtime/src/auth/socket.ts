import { AppError } from '@armoricore/shared/kernel';
import type { Channel, ConnectInfo, SocketHandler } from '../engine/index.ts';
import type { Identity } from './identity.ts';
import type { VerifyToken } from './tokens.ts';

/** The socket of the product: a JWT says who connects; all sockets of a user can be closed by `user_socket:<user_id>`. */
export function createUserSocket(verifyToken: VerifyToken, channels: readonly Channel<Identity>[]): SocketHandler<Identity> {
  return {
    channels,
    async connect(info) {
      const identity = await verifyToken(presentedToken(info));
      return { identity, id: socketId(identity.userId), expiresAt: identity.expiresAt };
    },
  };
}

export function socketId(userId: string): string {
  return `user_socket:${userId}`;
}

/** From the `token` param, phoenix.js's `authToken`, or for server programs the Authorization header. */
function presentedToken({ params, authToken, headers }: ConnectInfo): string {
  const [, bearer] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const token = params['token'] ?? authToken ?? bearer;
  if (typeof token !== 'string' || token === '') throw new AppError('unauthorized', { why: 'no token came with the connect' });
  return token;
}

import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { Channel, ConnectInfo, SocketHandler } from '../engine/index.ts';
import { grantsAsMuch, type Identity } from './identity.ts';
import type { VerifyToken } from './tokens.ts';

export interface UserSocketOptions {
  verifyToken: VerifyToken;
  channels: readonly Channel<Identity>[];
  /** Told of everyone who connects. */
  onConnect?: (identity: Identity) => void;
}

const accessTokenSchema = z.object({ token: z.string().min(1) });

/**
 * The socket of the product: a JWT says who connects; all sockets of a user can be closed by `user_socket:<user_id>`. They end
 * with their token, unless the client pushes `access_token {token}` on a joined topic, with a newer token of the same user.
 */
export function createUserSocket({ verifyToken, channels, onConnect }: UserSocketOptions): SocketHandler<Identity> {
  return {
    channels,
    async connect(info) {
      const identity = cameFrom(info.remoteAddress, await verifyToken(presentedToken(info)));
      onConnect?.(identity);
      return { identity, id: socketId(identity.userId), expiresAt: identity.expiresAt };
    },
    events: {
      async access_token(payload, connection) {
        const { success, data } = accessTokenSchema.safeParse(payload);
        if (!success) throw new AppError('invalid_payload', { path: 'token' });
        const identity = cameFrom(connection.identity.remoteAddress, await verifyToken(data.token));
        assertExtends(connection.identity, identity);
        connection.renew({ identity, expiresAt: identity.expiresAt });
        return { expires_at: new Date(identity.expiresAt).toISOString() };
      },
    },
  };
}

/** The audit log says where acts came from. */
function cameFrom(remoteAddress: string | undefined, identity: Identity): Identity {
  return remoteAddress === undefined ? identity : { ...identity, remoteAddress };
}

/** What was joined by the rights of the older token stays joined, so the newer one must grant them, too. */
function assertExtends(older: Identity, newer: Identity): void {
  if (newer.userId !== older.userId) throw new AppError('forbidden', { why: 'the token is of another user' });
  if (!grantsAsMuch(newer, older)) throw new AppError('forbidden', { why: 'the token grants less than the one of this socket: connect anew' });
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

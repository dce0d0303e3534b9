import { ConfigError, type ConfigOf, type webrtcConfig } from '@armoricore/shared/config';
import { createHmac } from 'node:crypto';
import type { IceServer } from '../contracts/webrtc.ts';

export type WebrtcConfig = ConfigOf<{ webrtc: typeof webrtcConfig }>['webrtc'];

/**
 * The ICE servers of a user. With a secret the credentials of TURN end after a while, and the TURN server can check them without
 * asking anybody: the name is `<end in s since the epoch>:<user>`, the password the HMAC-SHA1 of it
 * (draft-uberti-behave-turn-rest-00; coturn's `use-auth-secret`).
 * @throws ConfigError when there is a TURN server, but nothing to log in with: browsers refuse such a configuration
 */
export function createIceServers(config: WebrtcConfig, now: () => number = Date.now): (userId: string) => IceServer[] {
  const { STUN_SERVER_URL, TURN_SERVER_URL, TURN_USERNAME, TURN_CREDENTIAL, TURN_SECRET, TURN_TTL_S } = config;
  const stun: IceServer = { urls: STUN_SERVER_URL.split(',') };
  if (TURN_SERVER_URL === undefined) return () => [stun];
  const urls = TURN_SERVER_URL.split(',');
  if (TURN_SECRET !== undefined) {
    return (userId) => {
      const username = `${Math.floor(now() / 1_000) + TURN_TTL_S}:${userId}`;
      return [stun, { urls, username, credential: createHmac('sha1', TURN_SECRET).update(username).digest('base64') }];
    };
  }
  if (TURN_USERNAME === undefined || TURN_CREDENTIAL === undefined) {
    throw new ConfigError(['TURN_SERVER_URL: has no credentials; needed: TURN_SECRET, or TURN_USERNAME and TURN_CREDENTIAL']);
  }
  return () => [stun, { urls, username: TURN_USERNAME, credential: TURN_CREDENTIAL }];
}

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../kernel/errors.ts';

const TOKEN = /^([A-Za-z0-9_-]{1,2048})\.([A-Za-z0-9_-]{43})$/;
const content = z.tuple([z.string().min(1).max(256), z.string().min(1).max(64)]);

export interface Unsubscription {
  userId: string;
  category: string;
}

/** Makes and reads the tokens of links that switch off the mails of one category for one user. They do not expire: mails are kept for years. */
export interface UnsubscribeSigner {
  sign(unsubscription: Unsubscription): string;
  /** @throws AppError `invalid_signature` */
  verify(token: string): Unsubscription;
}

/** HMAC-SHA256 under a key of this one purpose, derived from the secret by HKDF (RFC 5869). */
export function createUnsubscribeSigner(secret: string): UnsubscribeSigner {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'armoricore unsubscribe link', 32));
  const macOf = (payload: string): string => createHmac('sha256', key).update(payload).digest('base64url');
  return {
    sign({ userId, category }) {
      const payload = Buffer.from(JSON.stringify([userId, category])).toString('base64url');
      return `${payload}.${macOf(payload)}`;
    },
    verify(token) {
      const [, payload = '', mac = ''] = TOKEN.exec(token) ?? [];
      const right = Buffer.from(macOf(payload));
      const given = Buffer.from(mac);
      if (given.length !== right.length || !timingSafeEqual(given, right)) throw new AppError('invalid_signature');
      const [userId, category] = content.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
      return { userId, category };
    },
  };
}

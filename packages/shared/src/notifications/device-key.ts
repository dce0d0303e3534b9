import { createHash } from 'node:crypto';

/** The key under which a device or an address is found again, and its deliveries are kept: of one length, and no secret. */
export function deviceKey(platform: string, address: string): string {
  return createHash('sha256').update(`${platform}\n${address}`).digest('base64url');
}

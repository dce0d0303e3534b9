import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const MASTER_KEY_BYTES = 32;

/** The key that wraps the others, and a name by which rows say which one wrapped them. */
export interface MasterKey {
  id: string;
  bytes: Buffer;
}

/** @throws RangeError unless it is the base64 of 32 bytes */
export function readMasterKey(text: string): MasterKey {
  const bytes = Buffer.from(text.trim(), 'base64');
  const isCanonical = bytes.toString('base64').replace(/=+$/, '') === text.trim().replace(/=+$/, '');
  if (!isCanonical || bytes.length !== MASTER_KEY_BYTES) throw new RangeError(`a master key is the base64 of ${MASTER_KEY_BYTES} random bytes, as of: openssl rand -base64 32`);
  return { id: createHash('sha256').update('master key id').update(bytes).digest('hex').slice(0, 16), bytes };
}

/** Encrypts with AES-256-GCM under a nonce of its own. `context` is authenticated, too: what is wrapped fits no other place. */
export function wrap(value: string, context: string, { bytes }: MasterKey): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** @throws Error when it was changed, belongs elsewhere, or another key wrapped it */
export function unwrap(wrapped: string, context: string, { bytes }: MasterKey): string {
  const all = Buffer.from(wrapped, 'base64');
  const nonce = all.subarray(0, NONCE_BYTES);
  const tag = all.subarray(Math.max(all.length - TAG_BYTES, NONCE_BYTES));
  const decipher = createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context)).setAuthTag(tag);
  return decipher.update(all.subarray(NONCE_BYTES, all.length - tag.length), undefined, 'utf8') + decipher.final('utf8');
}

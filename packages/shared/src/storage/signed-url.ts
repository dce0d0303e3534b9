import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { AppError } from '../kernel/index.ts';
import type { MultipartUpload } from './port.ts';

export interface UploadTerms {
  maxBytes: number;
  contentType: string;
}

/** Makes and checks the signatures in the URLs of uploads and of playback. Pure: the same input gives the same URL. */
export interface UrlSigner {
  /** The query of an URL that lets its holder put one object, on these terms, until `expiresAt` (whole seconds). */
  upload(key: string, terms: UploadTerms & { expiresAt: Date }): URLSearchParams;
  /** @throws AppError `invalid_signature`, `url_expired` */
  verifyUpload(key: string, params: URLSearchParams, now: Date): UploadTerms;
  /** The query of an URL that lets its holder put one part of an upload until `expiresAt` (whole seconds). */
  part(upload: MultipartUpload, number: number, expiresAt: Date): URLSearchParams;
  /** @throws AppError `invalid_signature`, `url_expired` */
  verifyPart(key: string, params: URLSearchParams, now: Date): { upload: MultipartUpload; number: number };
  /** A path segment that lets its holder read all below a folder `a/b`; null never expires. */
  grant(folder: string, expiresAt: Date | null): string;
  /** Checks a grant against an object below its folder. @throws AppError `invalid_signature`, `url_expired` */
  verifyGrant(grant: string, key: string, now: Date): void;
}

const GRANT = /^([0-9a-z]{1,9})-([A-Za-z0-9_-]{43})$/;

/** The folder `a/b` that a grant for an object covers. @throws AppError `invalid_key` when the key is not below such a folder */
export function grantFolder(key: string): string {
  const [first, second, ...rest] = key.split('/');
  if (rest.length === 0) throw new AppError('invalid_key', { key: key.slice(0, 128), allowed: 'an object below a folder a/b' });
  return `${first}/${second}`;
}

/** HMAC-SHA256 under one key per purpose, derived from the secret by HKDF (RFC 5869). */
export function createUrlSigner(secret: string): UrlSigner {
  const uploadKey = deriveKey(secret, 'upload url');
  const partKey = deriveKey(secret, 'part url');
  const grantKey = deriveKey(secret, 'playback grant');
  const signUpload = (key: string, max: string, type: string, expires: string) => mac(uploadKey, [key, max, type, expires]);

  return {
    upload(key, { maxBytes, contentType, expiresAt }) {
      const max = String(maxBytes);
      const expires = String(inSeconds(expiresAt));
      return new URLSearchParams({ max, type: contentType, expires, signature: signUpload(key, max, contentType, expires) });
    },

    verifyUpload(key, params, now) {
      const [max, type, expires] = [params.get('max') ?? '', params.get('type') ?? '', params.get('expires') ?? ''];
      if (!equal(params.get('signature') ?? '', signUpload(key, max, type, expires))) throw new AppError('invalid_signature');
      if (Number(expires) <= now.getTime() / 1000) throw new AppError('url_expired');
      return { maxBytes: Number(max), contentType: type };
    },

    part({ key, uploadId, size }, number, expiresAt) {
      const terms = { part: String(number), upload: uploadId, size: String(size), expires: String(inSeconds(expiresAt)) };
      return new URLSearchParams({ ...terms, signature: mac(partKey, [key, ...Object.values(terms)]) });
    },

    verifyPart(key, params, now) {
      const [part = '', upload = '', size = '', expires = ''] = ['part', 'upload', 'size', 'expires'].map((name) => params.get(name) ?? '');
      if (!equal(params.get('signature') ?? '', mac(partKey, [key, part, upload, size, expires]))) throw new AppError('invalid_signature');
      if (Number(expires) <= now.getTime() / 1000) throw new AppError('url_expired');
      return { upload: { key, uploadId: upload, size: Number(size) }, number: Number(part) };
    },

    grant(folder, expiresAt) {
      const expires = expiresAt === null ? '0' : inSeconds(expiresAt).toString(36);
      return `${expires}-${mac(grantKey, [folder, expires])}`;
    },

    verifyGrant(grant, key, now) {
      const [, expires, signature] = GRANT.exec(grant) ?? [];
      if (expires === undefined || signature === undefined) throw new AppError('invalid_signature');
      if (!equal(signature, mac(grantKey, [grantFolder(key), expires]))) throw new AppError('invalid_signature');
      if (expires !== '0' && Number.parseInt(expires, 36) <= now.getTime() / 1000) throw new AppError('url_expired');
    },
  };
}

function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `armoricore ${purpose}`, 32));
}

/** JSON keeps the parts apart: no two lists of parts give the same text. */
function mac(key: Buffer, parts: readonly string[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
}

function equal(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function inSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

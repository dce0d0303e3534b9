import { assertKey } from './key.ts';
import type { Storage } from './port.ts';
import { createUrlSigner, grantFolder } from './signed-url.ts';

export interface PlaybackOptions {
  /** Signs the URLs. */
  secret: string;
  /** Where clients reach `/uploads/...` and `/files/...`; no trailing slash. */
  publicUrl: string;
  cdnBaseUrl?: string;
  playbackUrlTtlS: number;
  now?: () => Date;
}

/**
 * `Storage.playbackUrl`: on the CDN, or at `/files/<grant>/…` of the realtime process, whatever the storage. Objects signed one by
 * one, as S3 can, are of no use to players: a playlist names its segments by relative URLs, without a query.
 */
export function createPlaybackUrls(options: PlaybackOptions): Storage['playbackUrl'] {
  const { secret, publicUrl, cdnBaseUrl, playbackUrlTtlS, now = () => new Date() } = options;
  const signer = createUrlSigner(secret);
  return (key, { public: isPublic }) => {
    assertKey(key);
    const folder = grantFolder(key);
    if (cdnBaseUrl !== undefined) return `${cdnBaseUrl}/${key}`;
    const expiresAt = isPublic ? null : new Date(now().getTime() + playbackUrlTtlS * 1000);
    return `${publicUrl}/files/${signer.grant(folder, expiresAt)}/${key}`;
  };
}

/** The moment when a signature made now for `expiresInS` ends, in whole seconds. */
export function expiryOf(now: Date, expiresInS: number): Date {
  return new Date(Math.floor(now.getTime() / 1000 + expiresInS) * 1000);
}

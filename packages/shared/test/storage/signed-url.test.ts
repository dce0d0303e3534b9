import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUrlSigner } from '../../src/storage/index.ts';

const signer = createUrlSigner('a secret of at least thirty-two letters');
const NOW = new Date('2030-01-01T00:00:00Z');
const LATER = new Date('2030-01-01T00:01:00Z');
const refusedWith = (code: string) => expect.objectContaining({ code });

describe('upload signature', () => {
  const terms = { maxBytes: 1000, contentType: 'video/mp4', expiresAt: LATER };

  it('holds until it expires, and not for the second in which it does', () => {
    const params = new URLSearchParams(signer.upload('media/1/source', terms).toString());
    expect(signer.verifyUpload('media/1/source', params, NOW)).toEqual({ maxBytes: 1000, contentType: 'video/mp4' });
    expect(() => signer.verifyUpload('media/1/source', params, LATER)).toThrow(refusedWith('url_expired'));
  });

  it('is refused when anything in it was changed or left out', () => {
    for (const [name, value] of [['max', '1001'], ['type', 'text/html'], ['expires', '9999999999'], ['signature', 'A'.repeat(43)]] as const) {
      const changed = signer.upload('media/1/source', terms);
      changed.set(name, value);
      expect(() => signer.verifyUpload('media/1/source', changed, NOW)).toThrow(refusedWith('invalid_signature'));
      changed.delete(name);
      expect(() => signer.verifyUpload('media/1/source', changed, NOW)).toThrow(refusedWith('invalid_signature'));
    }
    expect(() => signer.verifyUpload('media/2/source', signer.upload('media/1/source', terms), NOW)).toThrow(refusedWith('invalid_signature'));
  });

  it('is refused under another secret', () => {
    const other = createUrlSigner('another secret of at least 32 letters');
    expect(() => other.verifyUpload('a/b', signer.upload('a/b', terms), NOW)).toThrow(refusedWith('invalid_signature'));
  });
});

describe('playback grant', () => {
  it('opens all below its folder and nothing beside it', () => {
    const grant = signer.grant('media/1', LATER);
    signer.verifyGrant(grant, 'media/1/hls/master.m3u8', NOW);
    signer.verifyGrant(grant, 'media/1/poster.jpg', NOW);
    for (const key of ['media/2/hls/master.m3u8', 'media/10/a', 'other/1/a']) {
      expect(() => signer.verifyGrant(grant, key, NOW)).toThrow(refusedWith('invalid_signature'));
    }
    expect(() => signer.verifyGrant(grant, 'media/1', NOW)).toThrow(refusedWith('invalid_key'));
  });

  it('expires, unless it was made for ever', () => {
    expect(() => signer.verifyGrant(signer.grant('media/1', LATER), 'media/1/a', LATER)).toThrow(refusedWith('url_expired'));
    signer.verifyGrant(signer.grant('media/1', null), 'media/1/a', new Date('2200-01-01'));
  });

  it('cannot be prolonged', () => {
    const signature = signer.grant('media/1', LATER).split('-').slice(1).join('-');
    for (const expires of ['0', 'zzzzzz', '']) {
      expect(() => signer.verifyGrant(`${expires}-${signature}`, 'media/1/a', NOW)).toThrow(refusedWith('invalid_signature'));
    }
  });

  it('is one safe path segment, and no other text passes for one', () => {
    fc.assert(
      fc.property(fc.date({ min: NOW, max: new Date('2200-01-01'), noInvalidDate: true }), (expiresAt) => {
        expect(signer.grant('media/1', expiresAt)).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (grant) => {
        expect(() => signer.verifyGrant(grant, 'media/1/a', NOW)).toThrow(refusedWith('invalid_signature'));
      }),
    );
  });
});

/** AAC-LC (RFC 6381), the one sound codec that is made. */
export const AAC_LC = 'mp4a.40.2';

/**
 * The RFC 6381 name of the H.264 video in an initialisation segment: `avc1.` and profile, constraints and level as they
 * stand in its avcC box (ISO 14496-15 §5.3.3.1).
 */
export function avcCodec(init: Uint8Array): string {
  const bytes = Buffer.from(init.buffer, init.byteOffset, init.byteLength);
  const box = bytes.indexOf('avcC', 0, 'latin1');
  if (box < 0 || box + 8 > bytes.length) throw new Error('the initialisation segment holds no avcC box');
  return `avc1.${bytes.subarray(box + 5, box + 8).toString('hex').toUpperCase()}`;
}

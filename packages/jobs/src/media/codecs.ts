/** AAC-LC (RFC 6381), the one sound codec that is made. */
export const AAC_LC = 'mp4a.40.2';

/** Start code and header byte of a sequence parameter set in a byte stream (H.264 annex B): nal_ref_idc 3, nal_unit_type 7. */
const SPS = Buffer.from([0, 0, 1, 0x67]);

/**
 * The RFC 6381 name of the H.264 video in an initialisation segment: `avc1.` and profile, constraints and level as they
 * stand in its avcC box (ISO 14496-15 §5.3.3.1); or in a segment of MPEG-TS, where its parameter set begins with the same bytes.
 */
export function avcCodec(segment: Uint8Array): string {
  const bytes = Buffer.from(segment.buffer, segment.byteOffset, segment.byteLength);
  const box = bytes.indexOf('avcC', 0, 'latin1');
  const at = box < 0 ? bytes.indexOf(SPS) + SPS.length : box + 5;
  if (at < SPS.length || at + 3 > bytes.length) throw new Error('the segment tells nothing of its H.264 video');
  return `avc1.${bytes.subarray(at, at + 3).toString('hex').toUpperCase()}`;
}

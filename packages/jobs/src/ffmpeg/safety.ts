import { fileURLToPath } from 'node:url';

const program = (name: string): string => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));

/** Launchers that run the tools with limits on memory, in a session of their own. */
export const FFMPEG = program('ffmpeg');
export const FFPROBE = program('ffprobe');
/** ffprobe with little processor time: what takes longer to open was made to. */
export const FFPROBE_BRIEF = program('ffprobe-brief');

/** Demuxers that may read an upload. Playlists and other formats that name further files are not among them. */
const FORMATS = [
  ['mov', 'mp4', 'm4a', '3gp', '3g2', 'mj2'],
  ['matroska', 'webm', 'avi', 'flv', 'mpegts', 'mpeg'],
  ['ogg', 'wav', 'mp3', 'aac', 'flac', 'asf'],
].flat();

/** Largest picture that is decoded: 8192 × 4320. */
export const MAX_PIXELS = 35_389_440;
export const MAX_STREAMS = 16;

/**
 * Options before every input. Without them a playlist renamed to .mp4 reads other local files, or makes the tool call
 * other hosts.
 */
export const SAFE_INPUT: readonly string[] = [
  '-protocol_whitelist', 'file',
  '-format_whitelist', FORMATS.join(','),
  '-max_pixels', String(MAX_PIXELS),
  '-max_streams', String(MAX_STREAMS),
];

/** Options before renditions that this process made itself: a playlist, or segments joined. */
export const OWN_INPUT: readonly string[] = ['-protocol_whitelist', 'file,concat', '-format_whitelist', 'hls,mov,mpegts'];

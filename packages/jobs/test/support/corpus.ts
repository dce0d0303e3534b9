import { AAC, H264, pictures, sound } from './clips.ts';

/** An awkward input, and what must come of it. */
export interface Awkward {
  /** Its file; the ending chooses the container. */
  name: string;
  /** What makes it; `from` makes a first file that stands as INPUT in `args`. */
  from?: readonly string[];
  args: readonly string[];
  /** Length in s. */
  seconds: number;
  /** Of the top rung, and how many of its pictures there are a second; undefined for sound alone. */
  shows?: { width: number; height: number; rate: number };
  hears: boolean;
  /** Filters that bring the source to the shape of the top rung, in a way of their own; scaling comes after them. */
  normal?: string;
}

export const INPUT = '{input}';
const S = 5;
/** Soft and lively at once: shapes that move over a picture of slow change. */
const video = (size: string, rate = '25', seconds = S): string[] => pictures(size, seconds, rate);
const tone = (seconds = S): string[] => sound(seconds);
/** Pictures of the standard range as a camera would store them in a high one. */
const lift = (transfer: string, last = 'null'): string[] => [
  '-vf',
  `hue=s=0.6,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709,zscale=p=bt2020:t=${transfer}:m=bt2020nc:npl=100,format=yuv420p10le,${last}`,
];
const hdr = (transfer: string): string[] => [...lift(transfer), '-pix_fmt', 'yuv420p10le', '-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'];
const TONEMAP = 'zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv';
const FIELDS = 'tinterlace=mode=interleave_top,fieldorder=tff';

export const AWKWARD: readonly Awkward[] = [
  {
    name: 'turned.mp4',
    from: [...video('320x180'), ...tone(), ...H264, ...AAC, '-f', 'mp4'],
    args: ['-i', INPUT, '-c', 'copy', '-metadata:s:v:0', 'rotate=90'],
    seconds: S,
    shows: { width: 144, height: 256, rate: 25 },
    hears: true,
  },
  { name: 'odd.mkv', args: [...video('320x240'), '-vf', 'scale=321:241', ...H264, '-pix_fmt', 'yuv444p'], seconds: S, shows: { width: 318, height: 240, rate: 25 }, hears: false },
  {
    name: 'hdr10.mp4',
    args: [...video('320x180'), ...tone(), '-c:v', 'libx265', '-x265-params', 'log-level=error', '-preset', 'ultrafast', '-crf', '18', ...hdr('smpte2084'), ...AAC],
    seconds: S,
    shows: { width: 256, height: 144, rate: 25 },
    hears: true,
    normal: TONEMAP,
  },
  { name: 'hlg.mov', args: [...video('320x180'), ...H264, ...hdr('arib-std-b67')], seconds: S, shows: { width: 256, height: 144, rate: 25 }, hears: false, normal: TONEMAP },
  {
    name: 'hdr-untold.mkv',
    args: [...video('320x180'), ...lift('smpte2084', 'setparams=color_primaries=unknown:colorspace=unknown'), ...H264, '-pix_fmt', 'yuv420p10le', '-color_trc', 'smpte2084'],
    seconds: S,
    shows: { width: 256, height: 144, rate: 25 },
    hears: false,
    normal: `setparams=color_primaries=bt2020:colorspace=bt2020nc,${TONEMAP}`,
  },
  {
    name: 'wide-gamut.mkv',
    args: [...video('320x180'), ...lift('2020_10'), ...H264, '-pix_fmt', 'yuv420p10le', '-color_primaries', 'bt2020', '-color_trc', 'bt2020-10', '-colorspace', 'bt2020nc'],
    seconds: S,
    shows: { width: 256, height: 144, rate: 25 },
    hears: false,
    normal: 'zscale=p=bt709:t=bt709:m=bt709:r=tv',
  },
  {
    name: 'varying.mkv',
    args: [...video('320x240', '30'), ...tone(), '-vf', "select='not(mod(n,3))+lt(n,60)'", '-fps_mode', 'vfr', ...H264, ...AAC],
    seconds: S,
    shows: { width: 320, height: 240, rate: 30 },
    hears: true,
  },
  { name: 'sixty.webm', args: [...video('320x240', '60'), ...tone(), '-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2M', '-c:a', 'libopus'], seconds: S, shows: { width: 320, height: 240, rate: 60 }, hears: true },
  {
    name: 'interlaced.ts',
    args: [...video('352x288', '50'), ...tone(), '-vf', FIELDS, '-c:v', 'mpeg2video', '-b:v', '4M', '-flags', '+ilme+ildct', '-top', '1', '-c:a', 'mp2'],
    seconds: S,
    shows: { width: 292, height: 240, rate: 25 },
    hears: true,
    normal: 'bwdif=mode=send_frame',
  },
  { name: 'stretched.mp4', args: [...video('360x288'), '-vf', 'setsar=16/15', ...H264], seconds: S, shows: { width: 320, height: 240, rate: 25 }, hears: false },
  { name: 'silent-track.mp4', args: [...video('320x240'), '-f', 'lavfi', '-i', 'anullsrc=r=44100:cl=stereo', '-t', String(S), ...H264, ...AAC], seconds: S, shows: { width: 320, height: 240, rate: 25 }, hears: true },
  { name: 'song.mp3', args: [...tone(), ...pictures('100x100', 1, '1'), '-map', '0', '-map', '1', '-c:v', 'mjpeg', '-frames:v', '1', '-disposition:v', 'attached_pic'], seconds: S, hears: true },
  { name: 'song.m4a', args: [...tone(), ...pictures('100x100', 1, '1'), '-map', '0', '-map', '1', '-c:v', 'mjpeg', '-frames:v', '1', '-disposition:v', 'attached_pic', ...AAC], seconds: S, hears: true },
  { name: 'one-picture.mp4', args: [...video('320x240'), '-frames:v', '1', ...H264], seconds: 0.04, shows: { width: 320, height: 240, rate: 25 }, hears: false },
  { name: 'half-second.mov', args: [...video('320x240', '30', 0.5), ...tone(0.5), ...H264, ...AAC], seconds: 0.5, shows: { width: 320, height: 240, rate: 30 }, hears: true },
  { name: 'hours.mp4', args: [...video('64x48', '1', 7200), ...H264], seconds: 7200, shows: { width: 64, height: 48, rate: 1 }, hears: false },
  { name: 'surround.mkv', args: [...video('320x240'), '-f', 'lavfi', '-i', `sine=frequency=440:d=${S},pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0`, ...H264, '-c:a', 'ac3'], seconds: S, shows: { width: 320, height: 240, rate: 25 }, hears: true },
  {
    name: 'many-tracks.mkv',
    args: [
      ...video('160x120'), ...video('320x240'), ...tone(), ...tone(), ...tone(), '-map', '0', '-map', '1', '-map', '2', '-map', '3', '-map', '4',
      ...H264, ...AAC, '-disposition:v', '0', '-disposition:v:1', 'default', '-disposition:a', '0', '-disposition:a:2', 'default',
    ],
    seconds: S,
    shows: { width: 320, height: 240, rate: 25 },
    hears: true,
    normal: '1:v',
  },
  { name: 'long-gop.mp4', args: [...video('320x240', '30', 13), ...tone(13), ...H264, '-g', '9999', '-bf', '3', '-sc_threshold', '0', ...AAC], seconds: 13, shows: { width: 320, height: 240, rate: 30 }, hears: true },
  { name: 'old.avi', args: [...video('320x240', '30000/1001'), ...tone(), '-c:v', 'mpeg4', '-q:v', '3', '-c:a', 'mp3'], seconds: S, shows: { width: 320, height: 240, rate: 30_000 / 1001 }, hears: true },
  { name: 'broadcast.ts', args: [...video('320x240'), ...tone(), ...H264, '-bf', '2', '-c:a', 'aac', '-output_ts_offset', '3600'], seconds: S, shows: { width: 320, height: 240, rate: 25 }, hears: true },
  { name: 'clear.webm', args: [...video('320x240'), '-vf', 'format=yuva420p', '-c:v', 'libvpx', '-b:v', '2M', '-auto-alt-ref', '0', '-deadline', 'realtime'], seconds: S, shows: { width: 320, height: 240, rate: 25 }, hears: false },
  { name: 'computer.mkv', args: [...video('320x240'), '-c:v', 'ffv1', '-pix_fmt', 'gbrp'], seconds: S, shows: { width: 320, height: 240, rate: 25 }, hears: false },
];

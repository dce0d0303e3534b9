import type { Rung } from '../media/ladder.ts';
import type { Colour, VideoSource } from '../media/source.ts';

interface Size {
  width: number;
  height: number;
}

const HDR_TRANSFERS = ['smpte2084', 'arib-std-b67'];
/** From this short side on, pictures that do not say so have the colours of HD (BT.709), below it those of SD (BT.601). */
const HD_SIDE = 720;
const BT709 = 'setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709';
const HDR_TO_SDR = [
  'zscale=t=linear:npl=100',
  'format=gbrpf32le',
  'zscale=p=bt709',
  'tonemap=tonemap=hable:desat=0',
  'zscale=t=bt709:m=bt709:r=tv',
];
const WIDE_TO_STANDARD = ['zscale=p=bt709:t=bt709:m=bt709:r=tv'];

/** Whether the pictures have a high dynamic range: HDR10 and its kin, or HLG. */
export function isHdr({ transfer }: Pick<Colour, 'transfer'>): boolean {
  return transfer !== undefined && HDR_TRANSFERS.includes(transfer);
}

/** Steps that make any picture progressive, at a steady rate. ffmpeg rotates before them. */
function normalise(video: VideoSource, frameRate: string | undefined, cut?: string): string[] {
  return [
    ...(video.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
    // From 0, so that a late first picture is shown from the start and all renditions share one clock.
    ...(frameRate === undefined ? [] : [`fps=${frameRate}:start_time=0`]),
    ...(cut === undefined ? [] : [cut]),
  ];
}

/**
 * The first scaling, which also brings colours to the one kind that all players show right: BT.709 in limited range. Wide and
 * high-range colours need every property to be known: what the file leaves out is taken from BT.2020.
 */
function toStandard({ colour, ...source }: VideoSource, { width, height }: Size): string[] {
  const scale = `scale=${width}:${height}:flags=bicubic`;
  const hdr = isHdr(colour);
  if (hdr || colour.primaries === 'bt2020') {
    const missing = [
      ...(colour.primaries === undefined ? ['color_primaries=bt2020'] : []),
      ...(colour.transfer === undefined ? ['color_trc=bt709'] : []),
      ...(colour.matrix === undefined ? ['colorspace=bt2020nc'] : []),
    ];
    const told = missing.length === 0 ? [] : [`setparams=${missing.join(':')}`];
    return [...told, scale, ...(hdr ? HDR_TO_SDR : WIDE_TO_STANDARD), 'setsar=1', 'format=yuv420p'];
  }
  const unsaidHd = colour.matrix === undefined && Math.min(source.width, source.height) >= HD_SIDE;
  const from = unsaidHd ? ':in_color_matrix=bt709' : '';
  return [`${scale}${from}:out_color_matrix=bt709:out_range=tv`, BT709, 'setsar=1', 'format=yuv420p'];
}

/**
 * The graph that decodes once and makes every rung, each scaled from the next larger one (7 % less work than from the
 * source). Outputs are [v0], [v1] …; rungs come largest first.
 * @param cut a filter that keeps some of the pictures at the steady rate
 */
export function ladderGraph(video: VideoSource, rungs: readonly Rung[], frameRate: string, cut?: string): string {
  const last = rungs.length - 1;
  return rungs
    .map((rung, index) => {
      const from = index === 0 ? `[0:${video.index}]` : `[c${index - 1}]`;
      const smaller = [`scale=${rung.width}:${rung.height}:flags=bicubic`, 'setsar=1'];
      const steps = index === 0 ? [...normalise(video, frameRate, cut), ...toStandard(video, rung)] : smaller;
      const to = index === last ? `[v${index}]` : `,split=2[v${index}][c${index}]`;
      return `${from}${steps.join(',')}${to}`;
    })
    .join(';');
}

/** The filter of a poster: the most typical of the first pictures, at a size. */
export function posterGraph(video: VideoSource, size: Size): string {
  const steps = ['thumbnail=12', ...normalise(video, undefined), ...toStandard(video, size)];
  return `[0:${video.index}]${steps.join(',')}[v]`;
}

import type { Rung } from '../media/ladder.ts';
import type { VideoSource } from '../media/source.ts';

/** Steps that make any picture progressive, in standard range and colours, at a steady rate. ffmpeg rotates before them. */
function normalise(video: VideoSource, frameRate: string | undefined): string[] {
  return [
    ...(video.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
    // From 0, so that a late first picture is shown from the start and all renditions share one clock.
    ...(frameRate === undefined ? [] : [`fps=${frameRate}:start_time=0`]),
  ];
}

const HDR_TO_SDR = [
  'zscale=t=linear:npl=100',
  'format=gbrpf32le',
  'zscale=p=bt709',
  'tonemap=tonemap=hable:desat=0',
  'zscale=t=bt709:m=bt709:r=tv',
];

/** Brings a picture to a size with square pixels; the first scaling also to the limited range that players expect. */
function scaleTo({ width, height }: { width: number; height: number }, { hdr, first }: { hdr: boolean; first: boolean }): string[] {
  const range = first && !hdr ? ':out_range=tv' : '';
  return [`scale=${width}:${height}:flags=bicubic${range}`, ...(first && hdr ? HDR_TO_SDR : []), 'setsar=1', 'format=yuv420p'];
}

/**
 * The graph that decodes once and makes every rung, each scaled from the next larger one (7 % less work than from the
 * source). Outputs are [v0], [v1] …; rungs come largest first.
 */
export function ladderGraph(video: VideoSource, rungs: readonly Rung[], frameRate: string): string {
  const last = rungs.length - 1;
  return rungs
    .map((rung, index) => {
      const from = index === 0 ? `[0:${video.index}]` : `[c${index - 1}]`;
      const steps = [...(index === 0 ? normalise(video, frameRate) : []), ...scaleTo(rung, { hdr: video.hdr, first: index === 0 })];
      const to = index === last ? `[v${index}]` : `,split=2[v${index}][c${index}]`;
      return `${from}${steps.join(',')}${to}`;
    })
    .join(';');
}

/** The filter of a poster: the most typical of the first pictures, at a size. */
export function posterGraph(video: VideoSource, size: { width: number; height: number }): string {
  const steps = ['thumbnail=24', ...normalise(video, undefined), ...scaleTo(size, { hdr: video.hdr, first: true })];
  return `[0:${video.index}]${steps.join(',')}[v]`;
}

import { gopFrames } from '../../ffmpeg/arguments.ts';
import { PRE_ROLL_S, type Stretch } from '../../ffmpeg/parts.ts';
import { listPackets, probeFile } from '../../ffmpeg/probe.ts';
import type { FrameRate } from '../frame-rate.ts';
import { reportSchema } from '../report.ts';

/** Containers that are sought by an index, exactly; in others a seek may land after a key frame. */
const INDEXED = /^(mov|matroska)/;
/** Pictures further apart might be missed by the decoding before a part. Less than that, for what a seek rounds. In s. */
const LONGEST_GAP_S = PRE_ROLL_S - 0.5;

/** Parts of a video, at most: of a longer one each is longer. */
const MAX_PARTS = 500;

/**
 * Cuts a video of about `durationS` into stretches of about `partS`, whole groups of pictures each; the last may be longer.
 * Undefined when it is shorter than two.
 */
export function cutFrames(durationS: number, rate: FrameRate, partS: number): Stretch[] | undefined {
  const gop = gopFrames(rate.value);
  const each = Math.max(1, Math.ceil((Math.max(partS, durationS / MAX_PARTS) * rate.value) / gop - 1e-6)) * gop;
  const count = Math.floor((durationS * rate.value + 0.5) / each);
  if (durationS < 2 * partS || count < 2) return undefined;
  return Array.from({ length: count }, (_, index) => ({ from: index * each, to: index === count - 1 ? null : (index + 1) * each }));
}

/** Whether any stretch of a file can be decoded by itself as it is in the whole. @param index number of the stream of pictures */
export async function isSeekable(file: string, index: number, { signal }: { signal: AbortSignal }): Promise<boolean> {
  const report = reportSchema.safeParse(await probeFile(file, { signal }));
  if (!report.success || !INDEXED.test(report.data.format.format_name)) return false;
  const times: number[] = [];
  let timeless = 0;
  await listPackets(
    file,
    (line) => {
      const [stream, pts = ''] = line.split(',');
      if (stream !== String(index)) return;
      const time = Number(pts);
      if (pts === '' || !Number.isFinite(time)) timeless += 1;
      else times.push(time);
    },
    { signal },
  );
  const sorted = Float64Array.from(times).sort();
  return timeless === 0 && sorted.every((time, at) => at === 0 || time - sorted[at - 1]! < LONGEST_GAP_S);
}

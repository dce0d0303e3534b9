import { AppError } from '@armoricore/shared/kernel';

/** A jump of the clock that ffmpeg takes out of formats whose clock may jump (its dts_delta_threshold), in s. */
const JUMP_S = 10;
/** Faster than any camera of this trade. */
const MAX_SOURCE_RATE = 240;
/** The rate is told from so many packets on. */
const RATE_FROM_PACKETS = 1_000;
/** Packets of all streams: four hours of 240 pictures and as many pieces of sound a second. */
const MAX_PACKETS = 4 * 3600 * 480;

export interface Track {
  packets: number;
  /** Length on the clock that ffmpeg makes of the packets, in s. */
  lengthS: number;
  /** First time, in s. */
  firstS: number;
}

export interface TimelineLimits {
  maxDurationS: number;
  /** The streams that count for the length. */
  chosen: readonly number[];
  /** The stream of pictures, and how many pixels one has and all together may have. */
  video: { index: number; pixels: number; maxPixelsInAll: number } | undefined;
  /** The clock may jump, as in MPEG-TS. */
  mayJump: boolean;
}

interface Clock {
  packets: number;
  first: number;
  last: number;
  /** Where the clock stands with jumps taken out, and its highest. */
  at: number;
  length: number;
}

/** Follows the clocks of all streams, packet by packet: what a file really holds, whatever its header says. */
export function createTimeline({ maxDurationS, chosen, video, mayJump }: TimelineLimits) {
  const clocks = new Map<number, Clock>();
  let packets = 0;

  function refuse(index: number, { packets: count, length }: Clock): void {
    if (packets > MAX_PACKETS) throw new AppError('media_too_large', { allowed_packets: MAX_PACKETS });
    if (chosen.includes(index) && length > maxDurationS) {
      throw new AppError('media_too_long', { duration_s: Math.round(length), allowed_s: maxDurationS });
    }
    if (index !== video?.index) return;
    if (count >= RATE_FROM_PACKETS && count > length * MAX_SOURCE_RATE) {
      throw new AppError('media_too_large', { frame_rate: Math.round(count / Math.max(length, 0.001)), allowed_frame_rate: MAX_SOURCE_RATE });
    }
    if (count * video.pixels > video.maxPixelsInAll) throw new AppError('media_too_large', { pixels: count * video.pixels });
  }

  return {
    /**
     * Takes a line `stream,pts,dts,duration,flags`; others are passed over.
     * @throws AppError `media_too_long`, `media_too_large` as soon as a limit is passed
     */
    add(line: string): void {
      const [stream = '', pts = '', dts = '', lasting = ''] = line.split(',');
      const time = numberOf(mayJump ? dts : pts) ?? numberOf(pts) ?? numberOf(dts);
      if (!/^\d+$/.test(stream)) return;
      const index = Number(stream);
      packets += 1;
      const clock = clocks.get(index) ?? { packets: 0, first: time ?? 0, last: time ?? 0, at: 0, length: 0 };
      clocks.set(index, clock);
      clock.packets += 1;
      if (time !== undefined) {
        const step = time - clock.last;
        clock.at = mayJump ? clock.at + (Math.abs(step) > JUMP_S ? 0 : step) : time - clock.first;
        clock.last = time;
        clock.length = Math.max(clock.length, clock.at + (numberOf(lasting) ?? 0));
      }
      refuse(index, clock);
    },

    /** What is known of a stream; undefined when it has no packets. */
    track(index: number): Track | undefined {
      const clock = clocks.get(index);
      if (clock === undefined) return undefined;
      return { packets: clock.packets, lengthS: clock.length, firstS: clock.first };
    },

    /** From the first packet of these streams (or of all) to the end of the last, in s. */
    lengthS(streams: readonly number[] = [...clocks.keys()]): number {
      const all = streams.flatMap((index) => clocks.get(index) ?? []);
      if (all.length === 0) return 0;
      const first = Math.min(...all.map((clock) => clock.first));
      return Math.max(...all.map((clock) => clock.first - first + clock.length));
    },
  };
}

export type Timeline = ReturnType<typeof createTimeline>;

function numberOf(text: string): number | undefined {
  const value = Number(text);
  return text === '' || !Number.isFinite(value) ? undefined : value;
}

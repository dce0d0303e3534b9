import { isHdr } from '../ffmpeg/filters.ts';
import { rotationOf, type Report, type ReportStream } from './report.ts';

/** Tags that say what a media is; where it was made and by whose device stays out. */
const TAGS = ['title', 'artist', 'album', 'album_artist', 'genre', 'date', 'track', 'comment', 'creation_time', 'language'];
const MAX_TAG_LENGTH = 256;
const MAX_NAME_LENGTH = 64;

/** What a source file is, for people and their lists. Key names are those of the API. */
export type MediaInfo = {
  container: string;
  bit_rate?: number;
  video?: {
    codec: string;
    profile?: string;
    width: number;
    height: number;
    frame_rate: number;
    rotation: number;
    dynamic_range: 'sdr' | 'hdr10' | 'hlg';
    interlaced: boolean;
  };
  audio?: { codec: string; channels: number; sample_rate: number };
  tags: Record<string, string>;
};

export interface ChosenStreams {
  video: (ReportStream & { frameRate: number; interlaced: boolean }) | undefined;
  audio: ReportStream | undefined;
}

/** Takes what is worth telling from a probe's report. All texts are bounded and free of control characters. */
export function mediaInfo({ format }: Report, { video, audio }: ChosenStreams): MediaInfo {
  return {
    container: name(format.format_name.split(',')[0]),
    ...(format.bit_rate === undefined ? {} : { bit_rate: format.bit_rate }),
    ...(video === undefined
      ? {}
      : {
          video: {
            codec: name(video.codec_name),
            ...(video.profile === undefined ? {} : { profile: name(video.profile) }),
            width: video.width ?? 0,
            height: video.height ?? 0,
            frame_rate: Math.round(video.frameRate * 1000) / 1000,
            rotation: Math.round(rotationOf(video)),
            dynamic_range: dynamicRange(video),
            interlaced: video.interlaced,
          },
        }),
    ...(audio === undefined
      ? {}
      : { audio: { codec: name(audio.codec_name), channels: audio.channels ?? 0, sample_rate: audio.sample_rate ?? 0 } }),
    tags: tagsOf({ ...audio?.tags, ...video?.tags, ...format.tags }),
  };
}

function dynamicRange({ color_transfer: transfer }: ReportStream): 'sdr' | 'hdr10' | 'hlg' {
  if (!isHdr({ transfer })) return 'sdr';
  return transfer === 'smpte2084' ? 'hdr10' : 'hlg';
}

function tagsOf(found: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(found).map(([key, value]) => [key.toLowerCase(), value] as const);
  return Object.fromEntries(
    TAGS.flatMap((tag) => {
      const value = entries.find(([key, text]) => key === tag && typeof text === 'string')?.[1];
      const text = clean(value as string | undefined, MAX_TAG_LENGTH);
      return text === '' || (tag === 'language' && text === 'und') ? [] : [[tag, text]];
    }),
  );
}

const name = (text: string | undefined): string => clean(text, MAX_NAME_LENGTH);

/** Without control characters and halves of surrogate pairs, which databases and JSON readers refuse. */
function clean(text: string | undefined, length: number): string {
  return (text ?? '').replace(/\p{Cc}+/gu, ' ').trim().slice(0, length).toWellFormed();
}

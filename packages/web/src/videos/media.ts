/** What the server says about media: the REST resource and the events of the channels `media:*` and `user:*`. */

/** The steps of a media job, in order. */
export const STAGES = ['queued', 'probe', 'transcode', 'poster', 'upload', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

export const STAGE_LABELS: Record<Stage, string> = {
  queued: 'Queued',
  probe: 'Reading',
  transcode: 'Encoding',
  poster: 'Pictures',
  upload: 'Storing',
  publish: 'Publishing',
};

/** The name of a media that came without one. */
export const UNTITLED = 'Untitled';

export interface Rendition {
  name: string;
  width: number;
  height: number;
  frame_rate: number;
  /** Peak and mean, in bits per second. */
  bandwidth: number;
  average_bandwidth: number;
  codecs: string;
}

export interface Captions {
  /** BCP 47; `und` when nobody knows. */
  language: string;
  vtt_url: string;
  srt_url?: string;
  hls_url?: string;
}

export interface Media {
  media_id: string;
  user_id: string;
  state: 'uploading' | 'processing' | 'ready' | 'failed';
  public: boolean;
  filename: string | null;
  stage: Stage | null;
  /** 0 to 100, of the whole job. */
  percent: number;
  /** Why it failed: a code for programs and a sentence for people. */
  reason?: string;
  message?: string;
  duration_ms: number | null;
  /** Players may begin, also while larger sizes are still being made. */
  playable: boolean;
  playback_urls: { hls: string; mp4?: string | undefined; audio?: string | undefined } | null;
  thumbnail_urls: string[];
  /** WebVTT track of small pictures for the seek bar. */
  storyboard: string | null;
  /** A few seconds without sound. */
  preview_url: string | null;
  captions: Captions[];
  renditions: Rendition[];
  created_at: string;
}

export interface MediaProgress {
  media_id: string;
  stage: Stage;
  percent: number;
  remaining_ms?: number;
  playable?: boolean | undefined;
  playback_urls?: { hls: string } | undefined;
}

export type MediaReady = Pick<
  Media,
  'media_id' | 'playback_urls' | 'thumbnail_urls' | 'storyboard' | 'preview_url' | 'duration_ms' | 'renditions'
>;

export interface MediaFailed {
  media_id: string;
  reason: string;
  message: string;
}

/** All captions that a media has now; none when nothing was said. */
export interface CaptionsDone {
  media_id: string;
  tracks: Captions[];
}

export interface CaptionsFailed {
  media_id: string;
  reason: string;
  message: string;
}

/** What the server says about media: the REST resource and the events of the channels `media:*` and `user:*`. */

/** The steps of a media job, in order. */
export const STAGES = ['queued', 'probe', 'transcode', 'poster', 'upload', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

export const STAGE_LABELS: Record<Stage, string> = {
  queued: 'Queued',
  probe: 'Reading',
  transcode: 'Encoding',
  poster: 'Poster',
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
  playback_urls: { hls: string } | null;
  thumbnail_urls: string[];
  renditions: Rendition[];
  created_at: string;
}

export interface MediaProgress {
  media_id: string;
  stage: Stage;
  percent: number;
  remaining_ms?: number;
}

export type MediaReady = Pick<Media, 'media_id' | 'playback_urls' | 'thumbnail_urls' | 'duration_ms' | 'renditions'>;

export interface MediaFailed {
  media_id: string;
  reason: string;
  message: string;
}

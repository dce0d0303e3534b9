import { mediaTranscode } from '@armoricore/shared/jobs';
import { defineJob, type Job, type JobHandlers } from '../../src/core/index.ts';

export type Input = { media_id: string; user_id: string; file_path: string; metadata: Record<string, unknown> };

/** The contract of a job that is only there for tests, with waits that a test can bear. */
export const workContract = { ...mediaTranscode, name: 'test.work', attempts: 3, backoff: { baseMs: 5, maxMs: 20 } };

export function workJob(handlers: Partial<JobHandlers<Input, unknown>> & Pick<JobHandlers<Input, unknown>, 'run'>): Job<Input, unknown> {
  return defineJob<Input, unknown>(workContract, {
    timeLimitMs: 20_000,
    source: 'media-worker',
    done: async (_tx, { media_id }) => readyPayload(media_id),
    async failed(_tx, { media_id, user_id }, error) {
      return { media_id, user_id, reason: error.code, message: error.message };
    },
    ...handlers,
  });
}

export const inputOf = (mediaId: string): Input => ({ media_id: mediaId, user_id: 'u1', file_path: 'file:///x', metadata: {} });

export function readyPayload(mediaId: string): object {
  return {
    media_id: mediaId,
    user_id: 'u1',
    playback_urls: { hls: 'https://example.test/master.m3u8' },
    thumbnail_urls: [],
    storyboard: null,
    captions: [],
    duration_ms: 1,
    renditions: [],
  };
}

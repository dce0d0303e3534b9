import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobCheckpoints } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { mediaTranscode } from '@armoricore/shared/jobs';
import { newId } from '@armoricore/shared/kernel';
import { keyOf } from '../src/core/records.ts';
import type { MadeMedia } from '../src/media/records.ts';
import { startJobsLab, type JobsLab } from './support/jobs-lab.ts';

let lab: JobsLab;
beforeAll(async () => {
  lab = await startJobsLab();
});
afterAll(() => lab.close());

test('a media whose worker died after the upload becomes ready without being made again', async () => {
  const mediaId = newId();
  const rendition = { name: '144p', width: 256, height: 144, frame_rate: 30, bandwidth: 1, average_bandwidth: 1, codecs: 'avc1.42C00C' };
  const made: MadeMedia = {
    hlsKey: `media/${mediaId}/hls/master.m3u8`,
    ...{ posterKey: null, storyboardKey: null, previewKey: null, mp4Key: null, audioKey: null },
    durationMs: 1_234,
    renditions: [rendition],
    info: {},
  };
  // The source does not exist: whoever tried to make it would fail.
  const payload = { media_id: mediaId, user_id: 'u1', file_path: 'file:///uploads/gone', metadata: {} };
  const event = createEvent('media.uploaded', payload, { source: 'backend' });
  await lab.database.db.insert(jobCheckpoints).values({ jobId: keyOf(mediaTranscode, event.event_id), step: 'made', value: made });
  await lab.bus.publish(event);
  expect(await lab.ended(mediaId)).toMatchObject([{ event_type: 'media.ready', payload: { duration_ms: 1_234, renditions: [rendition] } }]);
  expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
});

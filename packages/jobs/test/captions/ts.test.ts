import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { AAC, H264, makeClip, pictures } from '../support/clips.ts';
import { startJobsLab, type JobsLab } from '../support/jobs-lab.ts';
import { parseVtt, speak, wordErrorRate, wordsOf } from '../support/speech.ts';

let lab: JobsLab;
beforeAll(async () => {
  lab = await startJobsLab({ MEDIA_SEGMENT_TYPE: 'ts', CAPTIONS_AUTO: 'true' });
});
afterAll(() => lab.close());

test('a video in MPEG-TS is captioned when it is ready, on the clock of its segments', async () => {
  const words = 'The house at the end of the road was old and very quiet.';
  const speech = await speak(words, join(lab.workDir, 'speech.wav'));
  const clip = join(lab.workDir, 'clip.mp4');
  await makeClip([...pictures('160x120', 8), '-i', speech, '-map', '0:v', '-map', '1:a', ...H264, ...AAC], clip);
  const id = await lab.upload(await readFile(clip));
  const [done] = await waitFor(
    async () => {
      const found = await lab.eventsOf(id, 'transcription.complete');
      return found.length > 0 && found;
    },
    { what: 'the captions', timeoutMs: 25_000 },
  );
  expect(done!.payload).toMatchObject({ user_id: 'u1', tracks: [{ language: 'en' }] });
  const folder = `media/${id}/hls/captions/en`;
  expect(wordErrorRate(words, wordsOf(parseVtt(await lab.text(`${folder}/captions.vtt`))))).toBeLessThan(0.3);
  const startOf = (file: string) => Number(execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'format=start_time', '-of', 'csv=p=0', lab.pathOf(`media/${id}/hls/${file}`)], { encoding: 'utf8' }));
  expect([startOf('120p/seg_00000.ts'), startOf('audio/seg_00000.ts')]).toEqual([0, 0]);
  expect(await lab.text(`${folder}/seg_00000.vtt`)).toContain('X-TIMESTAMP-MAP=MPEGTS:0,');

  // Whoever reads the media later is told of them, too.
  await lab.announce(id, `file:///uploads/${id}`);
  const again = await waitFor(async () => (await lab.eventsOf(id, 'media.ready'))[1], { what: 'the second media.ready' });
  expect(again.payload.captions).toMatchObject([{ language: 'en', vtt_url: expect.stringContaining('captions.vtt') }]);
}, 60_000);

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inArray } from 'drizzle-orm';
import { expect, onTestFinished, test } from 'vitest';
import { events, jobCheckpoints } from '@armoricore/shared/db';
import { captionTranscribe } from '@armoricore/shared/jobs';
import { newId } from '@armoricore/shared/kernel';
import { sendJson, startOpenAi, type Answer } from '../../../../test/support/services/openai.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { captioningFarm, openObjects, type CaptioningPlace } from '../support/captioning.ts';
import { createFarmLab } from '../support/farm.ts';
import { joinSound, parseVtt, readySound, speak, wordsOf } from '../support/speech.ts';

/** Pieces of speech with pauses that part them into chunks. */
const PIECES = 4;

test('a worker that is killed while a chunk is recognised costs that chunk at most', async () => {
  const [lab, api, workDir] = await Promise.all([createFarmLab('postgres'), startOpenAi(), mkdtemp(join(tmpdir(), 'captions-test-'))]);
  onTestFinished(async () => {
    await api.close();
    await lab.close();
    await rm(workDir, { recursive: true, force: true });
  });
  const objects = join(workDir, 'objects');
  const place = JSON.stringify({ ...lab.place, objects, apiUrl: api.url } satisfies CaptioningPlace);
  const piece = await speak('Good morning to all of you.', join(workDir, 'piece.wav'));
  const file = await joinSound(Array.from({ length: PIECES }, () => [piece, 4]).flat(), join(workDir, 'all.wav'));
  const id = await readySound({ workDir, storage: openObjects(objects), database: lab.database }, file);
  const says = (word: string): Answer => (response) => sendJson(response, { text: word, language: 'english', words: [{ word, start: 0.5, end: 1 }] });
  api.next(says('one'), says('two'), () => undefined, says('three'), says('four'));

  const child = fork(new URL('../fixtures/captioning-worker.ts', import.meta.url), [place], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const nobody = await lab.start([]);
  await nobody.enqueue(captionTranscribe, { media_id: id, formats: ['vtt'] }, newId());
  await waitFor(() => api.requests.length === 3, { what: 'the third chunk to be asked for', timeoutMs: 20_000 });
  child.kill('SIGKILL');
  await once(child, 'exit');

  await lab.start([captioningFarm(place)], { lockMs: 1_500 });
  const outcomes = await waitFor(
    async () => {
      const found = await lab.database.db.select().from(events).where(inArray(events.eventType, ['transcription.complete', 'transcription.failed']));
      return found.length > 0 && found;
    },
    { what: 'the outcome', timeoutMs: 20_000 },
  );
  expect(outcomes.map(({ eventType }) => eventType)).toEqual(['transcription.complete']);
  expect(api.requests).toHaveLength(PIECES + 1);
  expect(wordsOf(parseVtt(await readFile(join(objects, `media/${id}/hls/captions/en/captions.vtt`), 'utf8')))).toBe('one two three four');
  expect(await lab.database.db.select().from(jobCheckpoints)).toEqual([]);
});

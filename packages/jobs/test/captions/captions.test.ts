import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { parse, setOptions, types } from 'hls-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { media } from '@armoricore/shared/db';
import { createEvent, type BusEvent, type PayloadOf } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { waitFor } from '../../../../test/support/wait.ts';
import { startJobsLab, type JobsLab } from '../support/jobs-lab.ts';
import { joinSound, MUSIC, NOISE, parseVtt, readySound, secondsOf, speak, STORY, synthesize, wordErrorRate, wordsOf } from '../support/speech.ts';

let lab: JobsLab;
let story: string;
let storyS: number;
beforeAll(async () => {
  setOptions({ strictMode: true });
  lab = await startJobsLab({ CAPTION_MAX_DURATION_S: '1500', QUEUE_CAPTION_CONCURRENCY: '2' });
  story = await speak(STORY, join(lab.workDir, 'story.wav'));
  storyS = await secondsOf(story);
});
afterAll(() => lab.close());

/** Asks for captions and waits for what comes of it. */
async function request(mediaId: string, more: Partial<PayloadOf<'transcription.requested'>> = {}, timeoutMs = 80_000): Promise<BusEvent<'transcription.complete' | 'transcription.failed'>> {
  const results = async () => [...(await lab.eventsOf(mediaId, 'transcription.complete')), ...(await lab.eventsOf(mediaId, 'transcription.failed'))];
  const before = (await results()).map(({ event_id }) => event_id);
  await lab.bus.publish(createEvent('transcription.requested', { media_id: mediaId, formats: ['vtt', 'srt', 'hls'], ...more }, { source: 'backend' }));
  return waitFor(async () => (await results()).find(({ event_id }) => !before.includes(event_id)), { what: 'the end of the captions', timeoutMs, intervalMs: 50 });
}

async function tracks(mediaId: string, more: Partial<PayloadOf<'transcription.requested'>> = {}) {
  const event = await request(mediaId, more);
  if (event.event_type !== 'transcription.complete') throw new Error(`failed: ${JSON.stringify(event.payload)}`);
  return event.payload.tracks;
}

const file = (mediaId: string, name: string): Promise<string> => lab.text(`media/${mediaId}/hls/captions/${name}`);

async function master(mediaId: string): Promise<types.MasterPlaylist> {
  const playlist = parse(await lab.text(`media/${mediaId}/hls/master.m3u8`));
  if (!(playlist instanceof types.MasterPlaylist)) throw new Error('not a master playlist');
  return playlist;
}

describe('a minute of speech', () => {
  test('becomes captions that say it, at the times when it is said', async () => {
    const id = await readySound(lab, await joinSound([3, story, 4], join(lab.workDir, 'padded.wav')));
    const [track, ...more] = await tracks(id);
    expect(more).toEqual([]);
    expect(track).toMatchObject({ language: 'en', vtt_url: expect.stringContaining('/captions.vtt'), srt_url: expect.stringContaining('/captions.srt'), hls_url: expect.stringContaining('/en/index.m3u8') });

    const cues = parseVtt(await file(id, 'en/captions.vtt'));
    const rate = wordErrorRate(STORY, wordsOf(cues));
    expect(rate).toBeLessThanOrEqual(0.22);
    expect(cues[0]!.startS).toBeGreaterThan(3 - 0.5);
    expect(cues.at(-1)!.endS).toBeLessThan(3 + storyS + 0.5);
    for (const { startS, endS, lines } of cues) {
      expect(endS - startS).toBeLessThanOrEqual(7);
      expect(lines.length).toBeLessThanOrEqual(2);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
    }
    expect((await file(id, 'en/captions.srt')).split('\n\n')).toHaveLength(cues.length);

    const { variants } = await master(id);
    expect(variants[0]?.subtitles).toMatchObject([{ language: 'en', name: 'English', uri: 'captions/en/index.m3u8' }]);
    const rendition = parse(await file(id, 'en/index.m3u8'));
    if (!(rendition instanceof types.MediaPlaylist)) throw new Error('not a media playlist');
    const sound = parse(await lab.text(`media/${id}/hls/audio/index.m3u8`)) as types.MediaPlaylist;
    expect(rendition.segments.map(({ duration }) => duration)).toEqual(sound.segments.map(({ duration }) => duration));
    const seen = new Set<number>();
    for (const { uri } of rendition.segments) {
      const text = await file(id, `en/${uri}`);
      expect(text).toContain('X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000');
      for (const { startS } of parseVtt(text)) seen.add(startS);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual(cues.map(({ startS }) => startS));
    expect(await lab.scratchEntries()).toEqual([]);
  }, 90_000);
});

describe('where nobody speaks', () => {
  test.each([['silence', 'anullsrc=r=16000:cl=mono,atrim=0:30'], ['music', MUSIC], ['noise', NOISE]])('%s gets no captions', async (name, source) => {
    const id = await readySound(lab, await synthesize(source, join(lab.workDir, `${name}.wav`)));
    expect(await tracks(id)).toEqual([]);
    expect(await lab.text(`media/${id}/hls/master.m3u8`)).not.toContain('SUBTITLES');
  });
});

test('twenty minutes keep time to the end', async () => {
  const last = await speak('The very last words are spoken here.', join(lab.workDir, 'last.wav'));
  const lastS = await secondsOf(last);
  const id = await readySound(lab, await joinSound([2, last, 1193 - 2 * lastS, last, 3], join(lab.workDir, 'long.wav')));
  await tracks(id);
  const cues = parseVtt(await file(id, 'en/captions.vtt'));
  const at = 2 + lastS + (1193 - 2 * lastS);
  const ending = cues.filter(({ startS }) => startS > 600);
  expect(Math.abs(ending[0]!.startS - at)).toBeLessThan(0.3);
  expect(Math.abs(ending.at(-1)!.endS - (at + lastS))).toBeLessThan(0.5);
}, 90_000);

describe('what cannot be captioned', () => {
  const refused = async (mediaId: string, more: Partial<PayloadOf<'transcription.requested'>> = {}) => {
    const event = await request(mediaId, more);
    return event.event_type === 'transcription.failed' ? event.payload.reason : event.event_type;
  };

  test('is told with the reason', async () => {
    const short = await synthesize('anullsrc=r=16000:cl=mono,atrim=0:2', join(lab.workDir, 'short.wav'));
    const id = await readySound(lab, short);
    expect(await refused(newId())).toBe('not_found');
    expect(await refused(id, { user_id: 'another' })).toBe('forbidden');
    expect(await refused(await readySound(lab, short, { durationMs: 4 * 3600 * 1000 }))).toBe('media_too_long');
    expect(await refused(await readySound(lab, short, { state: 'failed', failureReason: 'media_deleted' }))).toBe('media_deleted');
    const spoken = await readySound(lab, await speak('Good morning to all of you.', join(lab.workDir, 'hello.wav')));
    expect(await refused(spoken, { language: 'pt-BR' })).toBe('language_unsupported');
  });

  test('a media without any sound has no captions', async () => {
    const id = await readySound(lab, await synthesize('anullsrc=r=16000:cl=mono,atrim=0:2', join(lab.workDir, 'mute.wav')));
    await lab.database.db.update(media).set({ userId: 'u2' }).where(eq(media.id, id));
    await lab.storage.delete(`media/${id}/hls/audio`);
    await lab.storage.put(`media/${id}/hls/audio.m3u8`, Buffer.from('#EXTM3U\n'), { contentType: 'application/vnd.apple.mpegurl' });
    await lab.storage.put(`media/${id}/hls/master.m3u8`, Buffer.from('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\naudio.m3u8\n'), { contentType: 'application/vnd.apple.mpegurl' });
    expect(await tracks(id)).toEqual([]);
  });
});

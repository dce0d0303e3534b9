import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { parse, setOptions, type types } from 'hls-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captionTracks, captionUses, events, media } from '@armoricore/shared/db';
import { createEvent, type BusEvent, type PayloadOf } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { sendJson, startOpenAi, type Answer, type OpenAiServer } from '../../../../test/support/services/openai.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { startJobsLab, type JobsLab } from '../support/jobs-lab.ts';
import { joinSound, parseVtt, readySound, speak, wordsOf } from '../support/speech.ts';

let api: OpenAiServer;
let lab: JobsLab;
/** Two pieces of speech, 4 s apart: two chunks. */
let sound: string;
beforeAll(async () => {
  setOptions({ strictMode: true });
  api = await startOpenAi();
  lab = await startJobsLab({ OPENAI_BASE_URL: api.url, OPENAI_API_KEY: 'sk-test', CAPTIONS_AUTO: 'true', CAPTION_MAX_PER_DAY_S: '60', QUEUE_CAPTION_CONCURRENCY: '4' });
  const piece = await speak('Good morning to all of you.', join(lab.workDir, 'piece.wav'));
  sound = await joinSound([piece, 4, piece, 1], join(lab.workDir, 'sound.wav'));
});
afterAll(async () => {
  await lab.close();
  await api.close();
});

type Outcome = BusEvent<'transcription.complete' | 'transcription.failed'>;

async function outcomes(mediaId: string): Promise<Outcome[]> {
  return [...(await lab.eventsOf(mediaId, 'transcription.complete')), ...(await lab.eventsOf(mediaId, 'transcription.failed'))];
}

async function ask(mediaId: string, more: Partial<PayloadOf<'transcription.requested'>> = {}): Promise<void> {
  await lab.bus.publish(createEvent('transcription.requested', { media_id: mediaId, formats: ['vtt', 'srt', 'hls'], ...more }, { source: 'backend' }));
}

async function request(mediaId: string, more: Partial<PayloadOf<'transcription.requested'>> = {}): Promise<Outcome> {
  const before = (await outcomes(mediaId)).length;
  await ask(mediaId, more);
  await waitFor(async () => (await outcomes(mediaId)).length > before, { what: 'the outcome', timeoutMs: 25_000 });
  return (await outcomes(mediaId)).toSorted((a, b) => a.timestamp.localeCompare(b.timestamp)).at(-1)!;
}

/** A sound of a user of its own, so that nobody else's quota is used. */
const newSound = (): Promise<string> => readySound(lab, sound, { userId: newId() });
const says = (text: string, language = 'english'): Answer => (response) =>
  sendJson(response, { text, language, words: text.split(' ').map((word, i) => ({ word, start: 0.3 + i * 0.1, end: 0.4 + i * 0.1 })) });
const fails = (status: number, headers: Record<string, string> = {}): Answer => (response) => sendJson(response, {}, { status, headers });
const spoken = async (id: string, language = 'en'): Promise<string> => wordsOf(parseVtt(await lab.text(`media/${id}/hls/captions/${language}/captions.vtt`)));
const subtitlesOf = async (id: string) => {
  const playlist = parse(await lab.text(`media/${id}/hls/master.m3u8`)) as types.MasterPlaylist;
  return playlist.variants[0]!.subtitles.map(({ language, uri }) => [language, uri]);
};

describe('recognition by the API', () => {
  test('asks for the chunk that failed again, when it is welcome, and for no other', async () => {
    const id = await newSound();
    const before = api.requests.length;
    api.next(says('Good morning.'), fails(429, { 'retry-after': '0' }), fails(500, { 'retry-after': '0' }), says('And again.'));
    expect((await request(id)).event_type).toBe('transcription.complete');
    expect(await spoken(id)).toBe('Good morning. And again.');
    expect(api.requests.length - before).toBe(4);
    // The language of the first chunk is told for the others.
    expect(api.requests.slice(before).map(({ fields }) => fields['language'])).toEqual([undefined, 'en', 'en', 'en']);
  });

  test('that is refused fails at once, and is told', async () => {
    const id = await newSound();
    const before = api.requests.length;
    api.next(fails(401));
    expect((await request(id)).payload).toMatchObject({ media_id: id, reason: 'service_refused' });
    expect(api.requests.length - before).toBe(1);
  });

  test('takes hostile words for what they are: text', async () => {
    const id = await newSound();
    api.next(says('00:00:01.000 --> 00:00:09.000 <script>alert(1)</script> \0NUL {\\an8} &lt; #EXT-X-ENDLIST'), says('\u202Eevil \uD800half'));
    await request(id);
    const vtt = await lab.text(`media/${id}/hls/captions/en/captions.vtt`);
    expect(vtt.match(/-->/g)).toHaveLength(parseVtt(vtt).length);
    expect(vtt).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(vtt).not.toMatch(/<|\0|\u202E/);
    expect(vtt).toContain('&amp;lt;');
    const srt = await lab.text(`media/${id}/hls/captions/en/captions.srt`);
    expect(srt).not.toMatch(/[<{]|\0/);
  });

  test('that tells words where nobody speaks, or the same over and over, is not believed', async () => {
    const id = await newSound();
    const inSilence: Answer = (response) => sendJson(response, { text: 'Hello you there', language: 'english', words: [
      { word: 'Hello', start: 0.4, end: 0.8 }, { word: 'you', start: 50, end: 51 }, { word: 'there', start: -9, end: -8 },
    ] });
    api.next(inSilence, says('Thank you. Thank you. Thank you. Thank you. Thank you.'));
    await request(id);
    expect(await spoken(id)).toBe('Hello Thank you.');
  });
});

describe('tracks', () => {
  test('of several languages add up, also when they are made at once, and one is replaced by its successor', async () => {
    const id = await newSound();
    const original = await lab.text(`media/${id}/hls/master.m3u8`);
    const answer: Answer = (response, { fields }) => void says(`in ${String(fields['language'])}`)(response, { path: '', authorization: undefined, fields });
    api.next(...Array.from({ length: 6 }, () => answer));
    await Promise.all(['en', 'de', 'pt-BR'].map((language) => ask(id, { language })));
    await waitFor(async () => (await outcomes(id)).length === 3, { what: 'three outcomes', timeoutMs: 25_000 });
    expect(await subtitlesOf(id)).toEqual([['de', 'captions/de/index.m3u8'], ['en', 'captions/en/index.m3u8'], ['pt-BR', 'captions/pt-BR/index.m3u8']]);
    expect(await spoken(id, 'pt-BR')).toBe('in pt in pt');

    api.next(says('besser'), says('so'));
    const { payload } = await request(id, { language: 'de' });
    expect('tracks' in payload && payload.tracks.map(({ language }) => language)).toEqual(['de', 'en', 'pt-BR']);
    expect(await spoken(id, 'de')).toBe('besser so');
    expect(await subtitlesOf(id)).toHaveLength(3);

    // Without a rendition the players are not told of it.
    api.next(says('nur'), says('Text'));
    const { payload: fewer } = await request(id, { language: 'de', formats: ['vtt'] });
    expect('tracks' in fewer && fewer.tracks[0]).toEqual({ language: 'de', vtt_url: expect.any(String) });
    expect(await subtitlesOf(id)).toHaveLength(2);

    // Whoever finds nothing to say takes the track away; what was there before captions is as it was.
    for (const language of ['en', 'de', 'pt-BR']) {
      api.next(says(''), says(''));
      await request(id, { language });
    }
    expect(await lab.text(`media/${id}/hls/master.m3u8`)).toBe(original);
    expect(await lab.storage.list(`media/${id}/hls/captions`)).toEqual([]);
    expect(await lab.database.db.select().from(captionTracks).where(eq(captionTracks.mediaId, id))).toEqual([]);
  });

  test('of a media that is deleted meanwhile are not made', async () => {
    const id = await newSound();
    api.next(async (response, heard) => {
      await lab.database.db.update(media).set({ state: 'failed', failureReason: 'media_deleted', userId: '' }).where(eq(media.id, id));
      await says('Hello')(response, heard);
    }, says('you'));
    expect((await request(id)).payload).toMatchObject({ reason: 'media_deleted' });
  });
});

test('a user may have so much recognised a day, tries of one job not counted twice', async () => {
  const userId = newId();
  const [first, second] = [await readySound(lab, sound, { userId }), await readySound(lab, sound, { userId })];
  api.next(fails(503, { 'retry-after': '0' }), says('one'), says('two'));
  expect((await request(first)).event_type).toBe('transcription.complete');
  const uses = await lab.database.db.select().from(captionUses).where(eq(captionUses.userId, userId));
  expect(uses).toMatchObject([{ speechMs: expect.any(Number) }]);
  await lab.database.db.insert(captionUses).values({ jobId: newId(), userId, speechMs: 60_000 - 2 * uses[0]!.speechMs });
  api.next(says('one'), says('two'));
  expect((await request(second)).event_type).toBe('transcription.complete');
  expect((await request(second)).payload).toMatchObject({ reason: 'captions_exceeded' });
});

test('every media that becomes ready is captioned once, by itself', async () => {
  const id = await newSound();
  const [row] = await lab.database.db.select().from(media).where(eq(media.id, id));
  const ready = (): Promise<unknown> => {
    const payload = { media_id: id, user_id: row!.userId, playback_urls: { hls: 'https://h/m.m3u8' }, thumbnail_urls: [], storyboard: null, preview_url: null, captions: [], duration_ms: 1, renditions: [], metadata: {} };
    return lab.bus.publish(createEvent('media.ready', payload, { source: 'media-worker' }));
  };
  api.next(says('one'), says('two'));
  await ready();
  await waitFor(async () => (await outcomes(id)).length === 1, { what: 'the captions', timeoutMs: 25_000 });
  await ready();
  await waitFor(async () => (await lab.bus.backlog('captions')) === 0, { what: 'the second event to be handled' });
  const asked = await lab.database.db.select().from(events).where(eq(events.eventType, 'transcription.requested'));
  expect(asked.filter(({ event }) => (event.payload as { media_id: string }).media_id === id)).toHaveLength(1);
});

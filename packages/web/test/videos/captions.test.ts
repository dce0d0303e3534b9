import { expect, expectTypeOf, it } from 'vitest';
import type { PayloadOf } from '../../../shared/src/events/index.ts';
import { makingsAfter, type MakingEvent, type Makings } from '../../src/videos/captioning.ts';
import { transition } from '../../src/videos/flow.ts';
import type { CaptionsDone, CaptionsFailed, Media } from '../../src/videos/media.ts';
import { trackFor, type CaptionTrack } from '../../src/videos/player/captions.ts';

const track = (index: number, language: string): CaptionTrack => ({ index, language, label: language });
const english = { language: 'en', vtt_url: '/en.vtt' };
const after = (...events: MakingEvent[]): Makings => events.reduce<Makings>(makingsAfter, {});
const asked: MakingEvent = { type: 'asked', mediaId: 'm1' };
const accepted: MakingEvent = { type: 'accepted', mediaId: 'm1' };
const done = (...tracks: CaptionsDone['tracks']): MakingEvent => ({ type: 'done', done: { media_id: 'm1', tracks } });
const failed: MakingEvent = { type: 'failed', failed: { media_id: 'm1', reason: 'transcriber_missing', message: 'x' } };

it('the page knows captions as the server sends them', () => {
  expectTypeOf<PayloadOf<'transcription.complete'>>().toExtend<CaptionsDone>();
  expectTypeOf<PayloadOf<'transcription.failed'>>().toExtend<CaptionsFailed>();
});

it('shows the language that is wished, or one like it, or the first', () => {
  const tracks = [track(0, 'de'), track(1, 'pt-BR'), track(2, 'en')];
  expect(trackFor(tracks, ['EN'])).toBe(2);
  expect(trackFor(tracks, ['fr', 'pt-PT', 'en'])).toBe(1);
  expect(trackFor(tracks, ['pt-BR', 'de'])).toBe(1);
  expect(trackFor(tracks, ['fr'])).toBe(0);
  expect(trackFor(tracks, [])).toBe(0);
  expect(trackFor([], ['en'])).toBe(-1);
});

it('follows the captions that were asked for to their end', () => {
  expect(after(asked, accepted)).toEqual({ m1: { at: 'making' } });
  expect(after(asked, accepted, done(english))).toEqual({});
  expect(after(asked, accepted, done())).toEqual({ m1: { at: 'silent' } });
  expect(after(asked, accepted, failed, asked)).toEqual({ m1: { at: 'asking' } });
});

it('takes an end that is told before the answer came, and none of captions that nobody here asked for', () => {
  expect(after(asked, done(english), accepted)).toEqual({});
  expect(after(asked, failed, accepted)).toMatchObject({ m1: { at: 'failed', reason: 'transcriber_missing' } });
  expect(after(done(), failed)).toEqual({});
});

it('gives the media that is shown its captions, and no other', () => {
  const flow = { at: 'ready', media: { media_id: 'm1', captions: [] } as unknown as Media } as const;
  expect(transition(flow, { type: 'captioned', mediaId: 'm1', captions: [english] })).toMatchObject({ media: { captions: [english] } });
  expect(transition(flow, { type: 'captioned', mediaId: 'm2', captions: [english] })).toBe(flow);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transition, type Flow, type FlowEvent } from '../../src/videos/flow.ts';
import { STAGES, type Media } from '../../src/videos/media.ts';

const media = (fields: Partial<Media> = {}): Media => ({
  media_id: 'm1',
  user_id: 'u1',
  state: 'processing',
  public: false,
  filename: 'holiday.mp4',
  stage: 'queued',
  percent: 0,
  duration_ms: null,
  playable: false,
  playback_urls: null,
  thumbnail_urls: [],
  storyboard: null,
  preview_url: null,
  captions: [],
  renditions: [],
  created_at: '2026-11-21T04:00:00.000Z',
  ...fields,
});
const made = {
  playback_urls: { hls: '/m1/master.m3u8' },
  thumbnail_urls: ['/m1/poster.jpg'],
  storyboard: '/m1/storyboard/storyboard.vtt',
  preview_url: '/m1/preview.mp4',
  duration_ms: 8_000,
  renditions: [],
};
const after = (...events: FlowEvent[]): Flow => events.reduce<Flow>(transition, { at: 'idle' });

const chosen: FlowEvent = { type: 'chosen', filename: 'holiday.mp4', size: 1_000 };
const opened: FlowEvent = { type: 'opened', media: media() };
const progress = (percent: number, media_id = 'm1'): FlowEvent => ({
  type: 'progress',
  progress: { media_id, stage: 'transcode', percent, remaining_ms: 900 },
});
const ready: FlowEvent = { type: 'ready', ready: { media_id: 'm1', ...made } };
const failed: FlowEvent = { type: 'failed', failed: { media_id: 'm1', reason: 'not_media', message: 'No media.' } };

describe('the way of a file', () => {
  it('can be played while it is being made, under one address', () => {
    const playable = (hls: string): FlowEvent => ({
      type: 'progress',
      progress: { media_id: 'm1', stage: 'transcode', percent: 40, playable: true, playback_urls: { hls } },
    });
    expect(after(opened, playable('/early'), playable('/other'))).toMatchObject({ media: { playable: true, playback_urls: { hls: '/early' } } });
  });

  it('goes from upload over processing to ready', () => {
    expect(after(chosen)).toMatchObject({ at: 'uploading', sent: 0, size: 1_000 });
    expect(after(chosen, { type: 'sent', bytes: 400, bytesPerSecond: 50 })).toMatchObject({ sent: 400, bytesPerSecond: 50 });
    expect(after(chosen, opened)).toMatchObject({ at: 'processing', remainingMs: null });
    expect(after(chosen, opened, progress(40))).toMatchObject({ media: { stage: 'transcode', percent: 40 }, remainingMs: 900 });
    expect(after(chosen, opened, progress(40), ready)).toMatchObject({ at: 'ready', media: { filename: 'holiday.mp4', state: 'ready', ...made } });
  });

  it('counts no more bytes than the file has, and never fewer than before', () => {
    const sent = (bytes: number): FlowEvent => ({ type: 'sent', bytes, bytesPerSecond: null });
    expect(after(chosen, sent(1_200))).toMatchObject({ sent: 1_000 });
    expect(after(chosen, sent(600), sent(500))).toMatchObject({ sent: 600 });
  });

  it('ends in a failure that keeps name, reason and message', () => {
    expect(after(opened, failed)).toEqual({ at: 'failed', mediaId: 'm1', filename: 'holiday.mp4', reason: 'not_media', message: 'No media.' });
    const refused: FlowEvent = { type: 'refused', filename: 'big.mov', reason: 'upload_too_large', message: 'Too large.' };
    expect(after(chosen, refused)).toEqual({ at: 'failed', mediaId: null, filename: 'big.mov', reason: 'upload_too_large', message: 'Too large.' });
  });

  it('starts again from anywhere', () => {
    for (const flow of [after(chosen), after(opened), after(opened, ready), after(opened, failed)]) {
      expect(transition(flow, { type: 'reset' })).toEqual({ at: 'idle' });
      expect(transition(flow, chosen)).toMatchObject({ at: 'uploading' });
    }
  });
});

describe('opening a media', () => {
  it('shows it in the state that it is in', () => {
    expect(after({ type: 'opened', media: media({ state: 'ready', ...made }) })).toMatchObject({ at: 'ready' });
    const broken = media({ state: 'failed', reason: 'media_corrupt', message: 'Damaged.' });
    expect(after({ type: 'opened', media: broken })).toMatchObject({ at: 'failed', mediaId: 'm1', reason: 'media_corrupt', message: 'Damaged.' });
  });

  it('takes the place of what was shown before', () => {
    const other = media({ media_id: 'm2', percent: 3 });
    expect(after(opened, progress(40), { type: 'opened', media: other })).toMatchObject({ at: 'processing', media: { media_id: 'm2', percent: 3 } });
  });
});

describe('a connection that was lost and found again', () => {
  it('catches up by the state that the join reply brings', () => {
    const synced = (fields: Partial<Media>): FlowEvent => ({ type: 'synced', media: media(fields) });
    expect(after(opened, progress(40), synced({ stage: 'upload', percent: 90 }))).toMatchObject({ media: { stage: 'upload', percent: 90 } });
    expect(after(opened, synced({ state: 'ready', ...made }))).toMatchObject({ at: 'ready' });
    expect(after(opened, synced({ state: 'failed', reason: 'time_limit' }))).toMatchObject({ at: 'failed', reason: 'time_limit' });
    expect(after(opened, progress(40), synced({ percent: 20 }))).toMatchObject({ media: { percent: 40 } });
  });
});

describe('news in the wrong order', () => {
  it('are ignored when they are of another media', () => {
    const flow = after(opened, progress(40));
    expect(transition(flow, progress(80, 'm2'))).toBe(flow);
    expect(transition(flow, { type: 'ready', ready: { media_id: 'm2', ...made } })).toBe(flow);
    expect(transition(flow, { type: 'failed', failed: { media_id: 'm2', reason: 'internal', message: '' } })).toBe(flow);
  });

  it('are ignored when they come after the end, or before there is a media', () => {
    for (const flow of [after(), after(chosen), after(opened, ready), after(opened, failed)]) {
      for (const late of [progress(50), ready, failed, { type: 'synced', media: media({ percent: 50 }) } as const]) {
        expect(transition(flow, late)).toBe(flow);
      }
    }
  });

  it('never make the progress fall', () => {
    const anyProgress = fc.record({ stage: fc.constantFrom(...STAGES), percent: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(fc.array(anyProgress, { maxLength: 20 }), (steps) => {
        const percents: number[] = [];
        let flow = after(opened);
        for (const { stage, percent } of steps) {
          flow = transition(flow, { type: 'progress', progress: { media_id: 'm1', stage, percent } });
          percents.push(flow.at === 'processing' ? flow.media.percent : -1);
        }
        expect(percents).toEqual(percents.toSorted((a, b) => a - b));
      }),
    );
  });
});

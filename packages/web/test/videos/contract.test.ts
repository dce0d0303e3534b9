import { expect, expectTypeOf, it } from 'vitest';
import type { MediaView } from '../../../realtime/src/contracts/index.ts';
import { MEDIA_STAGES, type PayloadOf } from '../../../shared/src/events/index.ts';
import { ERRORS } from '../../../shared/src/kernel/index.ts';
import { STAGES, type Media, type MediaFailed, type MediaProgress, type MediaReady } from '../../src/videos/media.ts';
import { reasonInWords } from '../../src/videos/reasons.ts';

it('the page knows media as the server sends them', () => {
  // A stage is any text in the database's eyes; the event below says which.
  expectTypeOf<Omit<MediaView, 'stage'>>().toExtend<Omit<Media, 'stage'>>();
  expectTypeOf<PayloadOf<'media.ready'>>().toExtend<MediaReady>();
  expectTypeOf<PayloadOf<'media.failed'>>().toExtend<MediaFailed>();
  expectTypeOf<Omit<PayloadOf<'media.progress'>, 'remaining_ms'>>().toExtend<Omit<MediaProgress, 'remaining_ms'>>();
  expect(STAGES).toEqual(MEDIA_STAGES);
});

it('the page has words of its own for all that a file can be refused for', () => {
  const codes = ['empty_file', 'not_media', 'format_not_allowed', 'no_streams', 'media_truncated', 'media_corrupt', 'media_too_long', 'media_too_large'];
  for (const code of codes) {
    expect(ERRORS).toHaveProperty(code);
    expect(reasonInWords(code, 'the words of the server')).not.toBe('the words of the server');
  }
});

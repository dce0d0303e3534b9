import { session } from '../../session.ts';
import { makeCaptions, makings, type Making } from '../captioning.ts';
import type { Media } from '../media.ts';
import { reasonInWords } from '../reasons.ts';

const NAMES = new Intl.DisplayNames('en', { type: 'language' });

/** The captions of a media as files; its owner can have them made where there are none. */
export function Captions({ media: { media_id, user_id, captions } }: { media: Media }) {
  const now = session.value;
  if (captions.length > 0) {
    return (
      <ul class="facts" aria-label="Captions" data-testid="caption-files">
        {captions.map(({ language, vtt_url, srt_url }) => (
          <li key={language}>
            {nameOf(language)} captions: <a href={vtt_url} download>WebVTT</a>
            {srt_url !== undefined && <>, <a href={srt_url} download>SubRip</a></>}
          </li>
        ))}
      </ul>
    );
  }
  if (now.state !== 'signed_in' || now.userId !== user_id) return null;
  const making = makings.value[media_id];
  const busy = making?.at === 'asking' || making?.at === 'making';
  return (
    <div class="make-captions">
      <button type="button" disabled={busy} data-testid="make-captions" onClick={() => void makeCaptions(media_id)}>
        {busy && <span class="spinner" aria-hidden="true" />}
        {busy ? 'Making captions' : 'Make captions'}
      </button>
      <p role="status">{making === undefined ? 'What is said in it is written down, to be read over the video.' : inWords(making)}</p>
    </div>
  );
}

function inWords(making: Making): string {
  switch (making.at) {
    case 'asking':
    case 'making':
      return 'Listening to what is said. You may leave the page meanwhile: the bell tells when it is done.';
    case 'silent':
      return 'Nothing is said in it that could be written down.';
    case 'failed':
      return reasonInWords(making.reason, making.message);
  }
}

/** `und` is the tag of a language that nobody knows. */
function nameOf(language: string): string {
  return language === 'und' ? 'Other' : (NAMES.of(language) ?? language);
}

import type { Flow } from '../flow.ts';
import { STAGES, UNTITLED, type Stage } from '../media.ts';
import { flow } from '../store.ts';

const ANNOUNCED: Record<Stage, string> = {
  queued: 'waiting for its turn',
  probe: 'reading the file',
  transcode: 'encoding',
  poster: 'making its pictures',
  upload: 'storing the stream',
  publish: 'publishing',
};

/** What the page is about, above the screen: the promise at first, then the name of the file. */
export function Title() {
  const now = flow.value;
  const filename = nameOf(now);
  return (
    <div class="title">
      <h1 class={filename === null ? 'promise' : 'filename'}>{filename ?? 'Drop a video, get a stream.'}</h1>
      {filename === null && <p>One file becomes adaptive HLS in every size its viewers need, while you watch.</p>}
      <p class="visually-hidden" aria-live="polite">
        {announcement(now)}
      </p>
    </div>
  );
}

function nameOf(now: Flow): string | null {
  if (now.at === 'idle') return null;
  return (now.at === 'processing' || now.at === 'ready' ? now.media.filename : now.filename) ?? UNTITLED;
}

/** What a screen reader says when it changes: states and stages, not each percent. */
function announcement(now: Flow): string {
  switch (now.at) {
    case 'idle':
      return '';
    case 'uploading':
      return 'Uploading.';
    case 'processing': {
      const stage = now.media.stage ?? 'queued';
      return `Step ${STAGES.indexOf(stage) + 1} of ${STAGES.length}: ${ANNOUNCED[stage]}.`;
    }
    case 'ready':
      return 'The video is ready to play.';
    case 'failed':
      return ''; // The failure card is an alert of its own.
  }
}

import { formatClock } from '../format.ts';
import type { Media } from '../media.ts';
import { flow, reset } from '../store.ts';
import { Captions } from './captions.tsx';
import { CopyLink } from './copy-link.tsx';
import { FileButton } from './file-button.tsx';
import { Renditions } from './renditions.tsx';

/** What there is to know about the video that plays. */
export function Details() {
  const now = flow.value;
  if (now.at === 'idle' || now.at === 'uploading') return null;
  if (now.at !== 'ready') {
    return (
      <div class="aside">
        <button type="button" class="quiet" onClick={reset}>
          {now.at === 'failed' ? 'Back to the start' : 'Leave it to run and start another'}
        </button>
      </div>
    );
  }
  return <ReadyDetails media={now.media} />;
}

function ReadyDetails({ media }: { media: Media }) {
  return (
    <section class="details" aria-label="Details">
      <div class="details-link">
        <h2>Stream</h2>
        {media.playback_urls !== null && <CopyLink url={new URL(media.playback_urls.hls, location.href).href} />}
        <p class="facts">
          {media.duration_ms !== null && <span>{formatClock(media.duration_ms)} long</span>}
          {media.playback_urls?.mp4 !== undefined && <a href={media.playback_urls.mp4} download>MP4</a>}
          {media.playback_urls?.audio !== undefined && <a href={media.playback_urls.audio} download>Sound (M4A)</a>}
          <span>{media.public ? 'Anyone with the link can play it' : 'The link works for a limited time'}</span>
        </p>
        <Captions media={media} />
        <FileButton label="New video" kind="quiet" />
      </div>
      <Renditions renditions={media.renditions} />
    </section>
  );
}

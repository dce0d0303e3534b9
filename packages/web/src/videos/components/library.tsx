import { useState } from 'preact/hooks';
import type { Flow } from '../flow.ts';
import { formatClock } from '../format.ts';
import { library } from '../library.ts';
import { UNTITLED, type Media } from '../media.ts';
import { flow, show } from '../store.ts';

/** Earlier videos of this user, newest first. */
export function Library() {
  const shown = library.value.filter(({ state }) => state !== 'uploading');
  if (shown.length === 0) return null;
  const openId = openMediaId(flow.value);
  return (
    <section class="library" aria-label="Earlier videos">
      <h2>Earlier</h2>
      <ul>
        {shown.map((media) => (
          <li key={media.media_id}>
            <Card media={media} open={media.media_id === openId} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Card({ media, open }: { media: Media; open: boolean }) {
  const [thumbnail] = media.thumbnail_urls;
  const [pointed, setPointed] = useState(false);
  return (
    <button
      type="button"
      class="card"
      aria-current={open ? 'true' : undefined}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onClick={() => {
        if (flow.value.at === 'uploading') return; // Opening another would give the upload up.
        show(media);
        window.scrollTo({ top: 0 });
      }}
    >
      <span class="card-picture" data-state={media.state}>
        {thumbnail !== undefined && <img src={thumbnail} alt="" loading="lazy" />}
        {pointed && media.preview_url !== null && <video src={media.preview_url} autoplay muted loop playsInline aria-hidden="true" />}
        <span class="card-state">{stateOf(media)}</span>
      </span>
      <span class="card-name">{media.filename ?? UNTITLED}</span>
    </button>
  );
}

function stateOf(media: Media): string {
  if (media.state === 'failed') return 'Failed';
  if (media.state !== 'ready') return `${Math.floor(media.percent)} %`;
  return media.duration_ms === null ? 'Ready' : formatClock(media.duration_ms);
}

function openMediaId(now: Flow): string | null {
  if (now.at === 'processing' || now.at === 'ready') return now.media.media_id;
  return now.at === 'failed' ? now.mediaId : null;
}

import { useState } from 'preact/hooks';
import { flow } from '../store.ts';
import { DropZone } from './drop-zone.tsx';
import { Failure } from './failure.tsx';
import { Player } from './player.tsx';
import { Processing } from './processing.tsx';
import { Uploading } from './uploading.tsx';

/** The one screen of the page: it takes the file, shows what becomes of it, and plays it. */
export function Screen({ dragging }: { dragging: boolean }) {
  const now = flow.value;
  const [watched, setWatched] = useState<string | null>(null);
  // One place for both, so that a video that is watched early goes on when it is ready.
  if (now.at === 'ready' || (now.at === 'processing' && watched === now.media.media_id)) {
    return <Player key={now.media.media_id} media={now.media} />;
  }
  return (
    <section class="screen" data-at={now.at} data-dragging={dragging} aria-label="Screen">
      <span class="corners" aria-hidden="true" />
      {now.at === 'idle' && <DropZone />}
      {now.at === 'uploading' && <Uploading {...now} />}
      {now.at === 'processing' && <Processing {...now} onWatch={() => setWatched(now.media.media_id)} />}
      {now.at === 'failed' && <Failure {...now} />}
    </section>
  );
}

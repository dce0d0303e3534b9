import { hueOf } from '../../chat/names.ts';
import type { Reel } from '../state/reel.ts';
import { reelRefusalInWords } from '../words.ts';
import { Comments } from './comments.tsx';
import { Counter } from './counter.tsx';
import { HeartButton } from './heart-button.tsx';
import { Icon } from './icons.tsx';
import { Notice } from './notice.tsx';
import { ShareButton } from './share-button.tsx';

/** The reel on the screen: its totals as they change, and what one can do about it. */
export function ReelView({ reel }: { reel: Reel }) {
  const { counters, state, refusal } = reel;
  const away = state !== 'joined';
  return (
    <div class="reel" data-testid="reel" data-state={state}>
      <section class="reel-stage" style={{ '--hue': String(hueOf(reel.id)) }} aria-labelledby="reel-title">
        <h1 id="reel-title" tabIndex={-1}>
          <bdi>{reel.id}</bdi>
        </h1>
        <p role="status" class="reel-state">
          {refusal === null ? (away ? 'Connecting …' : '') : reelRefusalInWords(refusal)}
        </p>
        {counters !== null && (
          <>
            <span class="reel-mark" aria-hidden="true">
              <Icon name="reel" />
            </span>
            <HeartButton liked={reel.liked} disabled={away} />
            <ul class="counters" aria-label="Totals">
              <Counter icon="heart" label="likes" count={counters.likes} />
              <Counter icon="eye" label="views" count={counters.views} />
              <Counter icon="comment" label="comments" count={counters.comments} />
              <Counter icon="share" label="shares" count={counters.shares} />
            </ul>
            <ShareButton disabled={away} />
          </>
        )}
        <Notice />
      </section>
      {counters !== null && <Comments comments={reel.comments} disabled={away} />}
    </div>
  );
}

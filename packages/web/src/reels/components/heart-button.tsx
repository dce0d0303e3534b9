import { useRef, useState } from 'preact/hooks';
import { like, unlike } from '../store.ts';
import { Icon } from './icons.tsx';

/** Hearts that fly at once. */
const MOST = 20;

interface Flying {
  id: number;
  /** How far it drifts, in rem. */
  drift: number;
}

/** Each tap is a heart of its own. */
export function HeartButton({ liked, disabled }: { liked: boolean; disabled: boolean }) {
  const [flying, setFlying] = useState<readonly Flying[]>([]);
  const next = useRef(0);
  const tap = (): void => {
    const id = (next.current += 1);
    setFlying((hearts) => [...hearts, { id, drift: ((id * 5) % 7) - 3 }].slice(-MOST));
    void like();
  };
  return (
    <div class="heart">
      <span class="hearts" aria-hidden="true">
        {flying.map(({ id, drift }) => (
          <span
            key={id}
            class="flying-heart"
            style={{ '--drift': `${drift}rem` }}
            onAnimationEnd={() => setFlying((hearts) => hearts.filter((heart) => heart.id !== id))}
          >
            <Icon name="heart" />
          </span>
        ))}
      </span>
      <button type="button" class="heart-button" data-liked={liked} aria-label="Send a heart" disabled={disabled} data-testid="heart" onClick={tap}>
        <Icon name="heart" />
      </button>
      {liked && (
        <button type="button" class="take-back" disabled={disabled} data-testid="unlike" onClick={() => void unlike()}>
          Take one back
        </button>
      )}
    </div>
  );
}

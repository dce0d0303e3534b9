import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import { formatClock } from '../format.ts';
import { tileAt, type Tile } from '../player/storyboard.ts';
import { useClock } from '../player/use-clock.ts';

const STEP_S = 5;

interface SeekBarProps {
  video: RefObject<HTMLVideoElement | null>;
  tiles: readonly Tile[];
}

/** Seeks, and shows under the pointer the picture that is there. */
export function SeekBar({ video, tiles }: SeekBarProps) {
  const { time, length } = useClock(video);
  const [share, setShare] = useState<number | null>(null);
  if (length === 0) return null;
  const seek = (to: number): void => {
    if (video.current !== null) video.current.currentTime = Math.min(length, Math.max(0, to));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -STEP_S, ArrowDown: -STEP_S, ArrowRight: STEP_S, ArrowUp: STEP_S }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    seek(time + step);
  };
  return (
    <div
      class="seek"
      role="slider"
      tabIndex={0}
      aria-label="Seek"
      aria-valuemin={0}
      aria-valuemax={Math.round(length)}
      aria-valuenow={Math.round(time)}
      aria-valuetext={formatClock(time * 1000)}
      data-testid="seek-bar"
      onPointerMove={(event) => setShare(shareOf(event))}
      onPointerLeave={() => setShare(null)}
      onPointerDown={(event) => seek(shareOf(event) * length)}
      onKeyDown={onKeyDown}
    >
      <span class="seek-track">
        <span class="seek-fill" style={{ transform: `scaleX(${Math.min(1, time / length)})` }} />
      </span>
      {share !== null && <Glance share={share} time={share * length} tile={tileAt(tiles, share * length)} />}
    </div>
  );
}

/** What there is at a time: its picture, when there is one, and the clock. */
function Glance({ share, time, tile }: { share: number; time: number; tile: Tile | undefined }) {
  return (
    <span class="glance" style={{ left: `${share * 100}%` }} data-testid="storyboard">
      {tile !== undefined && (
        <span
          class="glance-picture"
          style={{
            width: `${tile.width}px`,
            height: `${tile.height}px`,
            backgroundImage: `url(${JSON.stringify(tile.sheet)})`,
            backgroundPosition: `-${tile.x}px -${tile.y}px`,
          }}
        />
      )}
      <span>{formatClock(time * 1000)}</span>
    </span>
  );
}

function shareOf({ clientX, currentTarget }: PointerEvent): number {
  const { left, width } = (currentTarget as HTMLElement).getBoundingClientRect();
  return width === 0 ? 0 : Math.min(1, Math.max(0, (clientX - left) / width));
}

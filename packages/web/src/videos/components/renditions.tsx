import { formatBitrate } from '../format.ts';
import type { Rendition } from '../media.ts';

/** The ladder: each size with a bar as long as its share of the highest rate. */
export function Renditions({ renditions }: { renditions: readonly Rendition[] }) {
  if (renditions.length === 0) return null;
  const highest = Math.max(...renditions.map(({ average_bandwidth }) => average_bandwidth));
  return (
    <div class="renditions">
      <h2>Sizes</h2>
      <ul>
        {renditions
          .toSorted((a, b) => b.average_bandwidth - a.average_bandwidth)
          .map(({ name, width, height, frame_rate, average_bandwidth, codecs }) => (
            <li key={name} title={codecs}>
              <strong>{name}</strong>
              <span class="rendition-size">
                {width} × {height}, {Number(frame_rate.toFixed(2))} fps
              </span>
              <span class="rendition-rate">{formatBitrate(average_bandwidth)}</span>
              <span class="rendition-bar" aria-hidden="true" style={{ transform: `scaleX(${average_bandwidth / highest})` }} />
            </li>
          ))}
      </ul>
    </div>
  );
}

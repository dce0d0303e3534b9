import type { Level } from '../player/use-hls.ts';

interface QualityMenuProps {
  levels: readonly Level[];
  /** Index of the chosen level, -1 for automatic. */
  chosen: number;
  /** Index of the level that plays now, -1 while none does. */
  playing: number;
  onChoose: (index: number) => void;
}

/** Which size plays: automatic by the connection's speed, or one that the viewer holds on to. */
export function QualityMenu({ levels, chosen, playing, onChoose }: QualityMenuProps) {
  if (levels.length < 2) return null;
  const current = levels.find((level) => level.index === playing)?.label;
  return (
    <label class="quality">
      <span>Quality</span>
      <select value={chosen} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
        <option value={-1}>{chosen === -1 && current !== undefined ? `Auto (${current})` : 'Auto'}</option>
        {levels.map(({ index, label }) => (
          <option key={index} value={index}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

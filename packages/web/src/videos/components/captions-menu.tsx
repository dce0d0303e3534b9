import { useRef } from 'preact/hooks';
import { trackFor, type CaptionTrack } from '../player/captions.ts';

interface CaptionsMenuProps {
  tracks: readonly CaptionTrack[];
  /** Index of the track that is shown, -1 for none. */
  shown: number;
  onChoose: (index: number) => void;
}

/** Captions on and off, and in which language when there are several. */
export function CaptionsMenu({ tracks, shown, onChoose }: CaptionsMenuProps) {
  const last = useRef<string | null>(null);
  const language = tracks.find(({ index }) => index === shown)?.language;
  if (language !== undefined) last.current = language;
  if (tracks.length === 0) return null;
  const toggle = (): void => {
    const wishes = [...(last.current === null ? [] : [last.current]), ...navigator.languages];
    onChoose(shown === -1 ? trackFor(tracks, wishes) : -1);
  };
  return (
    <div class="captions">
      <button type="button" aria-pressed={shown !== -1} data-testid="captions-button" onClick={toggle}>
        <Icon />
        Captions
      </button>
      {shown !== -1 && tracks.length > 1 && (
        <select aria-label="Language of the captions" value={shown} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
          {tracks.map(({ index, label }) => (
            <option key={index} value={index}>
              {label}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

function Icon() {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <rect x="3" y="5" width="18" height="14" rx="3" />
      <path d="M7 15h5M15 15h2M7 11.5h2M12 11.5h5" />
    </svg>
  );
}

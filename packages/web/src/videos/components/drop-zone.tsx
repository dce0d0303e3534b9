import { session } from '../../session.ts';
import { FileButton } from './file-button.tsx';

/** The empty screen: waits for a file. */
export function DropZone() {
  const starting = session.value.state === 'starting';
  return (
    <div class="drop-zone" data-testid="drop-zone">
      <p class="drop-invitation">{starting ? 'One moment …' : 'Drop it anywhere on this page'}</p>
      {!starting && <FileButton label="Choose a file" />}
      <p class="drop-hint">MP4, MOV, MKV, WebM and most others</p>
    </div>
  );
}

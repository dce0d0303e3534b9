import { watch } from 'node:fs';
import path from 'node:path';

/** An editor writes a file in several steps; they count as one change. */
const QUIET_MS = 100;

/**
 * Calls `onChange` when a file below `folder` changed, once a burst. Returns what ends the watching.
 */
export function watchFolder(folder: string, onChange: (file: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(folder, { recursive: true }, (_event, file) => {
    clearTimeout(timer);
    timer = setTimeout(() => onChange(path.join(folder, file ?? '')), QUIET_MS);
  });
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

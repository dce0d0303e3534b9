import { signal, useSignalEffect } from '@preact/signals';
import { ApiError } from '../api.ts';
import { session } from '../session.ts';
import { choose, flow, refuse } from './store.ts';

const dragging = signal(false);

/** Takes files dropped anywhere on the page. Returns whether one hovers over it that would be taken now. */
export function usePageDrop(): boolean {
  useSignalEffect(() => {
    const off = new AbortController();
    const on = (type: 'dragover' | 'dragleave' | 'drop', listener: (event: DragEvent) => void): void =>
      window.addEventListener(type, listener, { signal: off.signal });
    on('dragover', (event) => {
      event.preventDefault(); // Also where nothing is taken: else the browser leaves the page for the file.
      dragging.value = accepts(event);
      if (event.dataTransfer) event.dataTransfer.dropEffect = dragging.value ? 'copy' : 'none';
    });
    on('dragleave', (event) => {
      if (event.relatedTarget === null) dragging.value = false;
    });
    on('drop', (event) => {
      event.preventDefault();
      dragging.value = false;
      if (accepts(event)) take(event);
    });
    return () => off.abort();
  });
  return dragging.value;
}

/** A file, while nothing is in the making that a dropped file would push aside. */
function accepts(event: DragEvent): boolean {
  if (session.peek().state !== 'signed_in' || !event.dataTransfer?.types.includes('Files')) return false;
  return flow.peek().at !== 'uploading' && flow.peek().at !== 'processing';
}

function take(event: DragEvent): void {
  const file = event.dataTransfer?.files[0];
  const isFolder = event.dataTransfer?.items[0]?.webkitGetAsEntry()?.isDirectory ?? false;
  if (file === undefined) return;
  if (isFolder) refuse(file.name, new ApiError('a_folder', ''));
  else void choose(file);
}

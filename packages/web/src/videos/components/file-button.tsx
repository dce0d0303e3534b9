import { useRef } from 'preact/hooks';
import { choose } from '../store.ts';

/** A button that opens the file chooser of the system. */
export function FileButton({ label, kind = 'primary' }: { label: string; kind?: 'primary' | 'quiet' }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={kind} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept="video/*,audio/*,.mkv,.mov,.ts,.flv"
        tabIndex={-1}
        aria-label="Video file"
        data-testid="file-input"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          currentTarget.value = ''; // The same file can be chosen again.
          if (file !== undefined) void choose(file);
        }}
      />
    </>
  );
}

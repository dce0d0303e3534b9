import { useEffect } from 'preact/hooks';
import { notice } from '../actions.ts';

const SHOWN_MS = 6_000;

/** What just did not work, for a while. */
export function Notice() {
  const now = notice.value;
  useEffect(() => {
    if (now === null) return undefined;
    const timer = setTimeout(() => {
      notice.value = null;
    }, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div role="alert" class="notice-place">
      {now !== null && <p class="notice">{now.words}</p>}
    </div>
  );
}

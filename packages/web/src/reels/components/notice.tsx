import { useEffect } from 'preact/hooks';
import { notice } from '../store.ts';

const SHOWN_MS = 5_000;

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
    <div role="alert" class="reel-notice">
      {now !== null && <p>{now.words}</p>}
    </div>
  );
}

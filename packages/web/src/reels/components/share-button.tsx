import { useEffect, useState } from 'preact/hooks';
import { share } from '../store.ts';
import { Icon } from './icons.tsx';

const SHOWN_MS = 3_000;

/** Copies the address of the reel, and counts that. */
export function ShareButton({ disabled }: { disabled: boolean }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return undefined;
    const timer = setTimeout(() => setSaid(''), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      setSaid('Link copied');
      await share();
    } catch {
      setSaid('Copy the address of this page'); // No access to the clipboard, as on plain http.
    }
  };
  return (
    <button type="button" class="share-button" disabled={disabled} data-testid="share" onClick={() => void copy()}>
      <Icon name="share" />
      <span role="status">{said === '' ? 'Share' : said}</span>
    </button>
  );
}

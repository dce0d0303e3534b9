import { useEffect, useRef, useState } from 'preact/hooks';

const SHOWN_MS = 2_000;

export function CopyLink({ url }: { url: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(url);
      setCopied(true);
    } catch {
      field.current?.select(); // No access to the clipboard, as on plain http: ready for Ctrl+C.
    }
  };
  return (
    <div class="copy-link">
      <input ref={field} readOnly value={url} aria-label="Link to the stream" onFocus={({ currentTarget }) => currentTarget.select()} />
      <button type="button" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy link'}
      </button>
      <span class="visually-hidden" role="status">
        {copied ? 'The link is copied.' : ''}
      </span>
    </div>
  );
}

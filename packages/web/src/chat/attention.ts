import { useEffect, useState } from 'preact/hooks';

/** Whether somebody looks at this page: it is visible and has the focus. */
export function useAttention(): boolean {
  const [attentive, setAttentive] = useState(isAttentive);
  useEffect(() => {
    const off = new AbortController();
    const update = (): void => setAttentive(isAttentive());
    for (const type of ['focus', 'blur'] as const) window.addEventListener(type, update, { signal: off.signal });
    document.addEventListener('visibilitychange', update, { signal: off.signal });
    return () => off.abort();
  }, []);
  return attentive;
}

const isAttentive = (): boolean => document.visibilityState === 'visible' && document.hasFocus();

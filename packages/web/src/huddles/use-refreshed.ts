import { useEffect } from 'preact/hooks';
import { session } from '../session.ts';
import { REFRESH_MS } from './list.ts';

/** Reads once somebody is signed in, and again every few seconds while the page is seen. `read` must stay the same. */
export function useRefreshed(read: () => Promise<void>): void {
  const signedIn = session.value.state === 'signed_in';
  useEffect(() => {
    if (!signedIn) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const turn = async (): Promise<void> => {
      if (document.visibilityState === 'visible') await read();
      if (!ended) timer = setTimeout(() => void turn(), REFRESH_MS);
    };
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [read, signedIn]);
}

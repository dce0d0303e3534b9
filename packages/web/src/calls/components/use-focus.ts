import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Takes the focus when what had it is gone, as the button that began a call: reading goes on here. */
export function useFocus<T extends HTMLElement>(): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) element.current?.focus({ preventScroll: true });
  }, []);
  return element;
}

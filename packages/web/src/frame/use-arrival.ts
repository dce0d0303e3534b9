import { useEffect, useRef } from 'preact/hooks';
import { SCREENS, type Screen } from '../screens.tsx';

/** On another screen than before: names the page after it, and moves the focus to its heading, as a new page would. */
export function useArrival(screen: Screen): void {
  const before = useRef(screen);
  const count = SCREENS.reduce((sum, { badge }) => sum + (badge?.count.value ?? 0), 0);
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ''}${screen.label} · Armoricore`;
  }, [screen, count]);
  useEffect(() => {
    if (before.current === screen) return;
    before.current = screen;
    const heading = document.querySelector<HTMLElement>('main h1');
    if (heading === null) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }, [screen]);
}

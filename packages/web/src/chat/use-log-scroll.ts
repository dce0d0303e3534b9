import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** So near to the bottom counts as there, and so near to the top earlier messages are read, in px. */
const BOTTOM_PX = 48;
const TOP_PX = 500;
/** How much of the window is above the first new message, when a room is opened there. */
const ABOVE_NEW = 0.25;

interface LogScroll {
  /** `seq` of the first message that is shown; 0 while there is none. */
  firstSeq: number;
  /** Messages of ours that are on their way: after a new one the end is shown. */
  outgoing: number;
  /** Everything that is shown at first is there. */
  ready: boolean;
  onTop: () => void;
}

/**
 * Holds the log where its reader wants it: at the end while they are there, and on the same message when earlier ones come in
 * above. `view` is `up` when the end is not seen.
 */
export function useLogScroll(box: RefObject<HTMLElement | null>, { firstSeq, outgoing, ready, onTop }: LogScroll) {
  const [view, setView] = useState<'placing' | 'end' | 'up'>('placing');
  const pinned = useRef(true);
  const placed = useRef(false);
  const shownFrom = useRef(0);
  const sent = useRef(outgoing);

  // Earlier messages are about to come in above: what is seen now is to stay where it is.
  const anchor = firstSeq < shownFrom.current && box.current !== null ? anchorIn(box.current) : null;

  const toEnd = (): void => {
    pinned.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  };
  const look = (): void => {
    if (box.current === null) return;
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    pinned.current = scrollHeight - scrollTop - clientHeight < BOTTOM_PX;
    if (placed.current) setView(pinned.current ? 'end' : 'up');
    if (scrollTop < TOP_PX) onTop();
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (outgoing > sent.current) pinned.current = true;
    sent.current = outgoing;
    if (!placed.current) {
      placed.current = ready;
      placeAtNew(element);
      pinned.current = distanceToEnd(element) < BOTTOM_PX;
    } else if (pinned.current) {
      element.scrollTop = element.scrollHeight;
    } else if (anchor !== null) {
      element.scrollTop += anchor.row.offsetTop - anchor.top;
    }
    shownFrom.current = firstSeq;
    if (placed.current) setView(pinned.current ? 'end' : 'up');
  });

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    // The keyboard of a phone, a turned phone, a taller text field.
    const observer = new ResizeObserver(() => {
      if (pinned.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return { view, look, toEnd };
}

const distanceToEnd = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number => scrollHeight - scrollTop - clientHeight;

/** The first message that is seen from its top on. Those above may change when they are no longer the first. */
function anchorIn(box: HTMLElement): { row: HTMLElement; top: number } | null {
  const row = [...box.querySelectorAll<HTMLElement>('[data-message]')].find(({ offsetTop }) => offsetTop >= box.scrollTop);
  return row === undefined ? null : { row, top: row.offsetTop };
}

/** To the first new message, or to the end. */
function placeAtNew(box: HTMLElement): void {
  const divider = box.querySelector<HTMLElement>('[data-divider]');
  box.scrollTop = divider === null ? box.scrollHeight : divider.offsetTop - box.clientHeight * ABOVE_NEW;
}

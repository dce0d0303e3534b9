import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface Clock {
  /** Where the video stands and how long it is, in s; 0 while that is not known. */
  time: number;
  length: number;
}

const EVENTS = ['timeupdate', 'seeking', 'durationchange', 'emptied'] as const;

/** Follows the clock of a video element. */
export function useClock(video: RefObject<HTMLVideoElement | null>): Clock {
  const [clock, setClock] = useState<Clock>({ time: 0, length: 0 });
  useEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    const read = (): void => {
      const { currentTime, duration, seekable } = element;
      // One that is still being made has no end yet, but can be sought as far as it goes.
      const end = seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
      setClock({ time: currentTime, length: Number.isFinite(duration) ? duration : end });
    };
    for (const event of EVENTS) element.addEventListener(event, read);
    return () => {
      for (const event of EVENTS) element.removeEventListener(event, read);
    };
  }, [video]);
  return clock;
}

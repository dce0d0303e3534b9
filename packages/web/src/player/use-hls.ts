import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Playback } from './playback.ts';

/** One size that can be played. `index` is that of hls.js. */
export interface Level {
  index: number;
  label: string;
}

export interface HlsState {
  levels: readonly Level[];
  chosen: number;
  playing: number;
  /** Why playing stopped for good, in a sentence. */
  fault: string | null;
}

const START: HlsState = { levels: [], chosen: -1, playing: -1, fault: null };

/**
 * Plays an HLS source in a video element. The player library is loaded with the first video. When the source is complete,
 * playing goes on where it was: a video that was played early gets its other sizes so.
 */
export function useHls(video: RefObject<HTMLVideoElement | null>, source: string | null, complete: boolean) {
  const [state, setState] = useState(START);
  const [playback, setPlayback] = useState<Playback | null>(null);
  const [attempt, setAttempt] = useState(0);
  const left = useRef({ time: 0, playing: false });

  useEffect(() => {
    const element = video.current;
    if (element === null || source === null) return undefined;
    let current: Playback | null = null;
    let gone = false;
    const update = (change: Partial<HlsState>): void => {
      if (!gone) setState((before) => ({ ...before, ...change }));
    };
    const begin = async (): Promise<void> => {
      const { startPlayback } = await import('./playback.ts');
      if (gone) return;
      current = startPlayback(element, source, { startAt: left.current.time, update });
      setPlayback(current);
      if (attempt > 0 || left.current.playing) await element.play();
    };
    begin().catch((error: unknown) => update({ fault: error instanceof Error ? error.message : String(error) }));
    return () => {
      gone = true;
      left.current = { time: element.currentTime, playing: !element.paused && !element.ended };
      current?.stop();
      setState(START);
    };
  }, [source, attempt, complete]);

  const choose = (index: number): void => {
    playback?.choose(index);
    setState((before) => ({ ...before, chosen: index }));
  };
  return { ...state, choose, retry: () => setAttempt((before) => before + 1) };
}

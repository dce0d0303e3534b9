import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CaptionTrack } from './captions.ts';
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
  captions: readonly CaptionTrack[];
  /** Index of the captions that are shown, -1 for none. */
  shown: number;
  /** Why playing stopped for good, in a sentence. */
  fault: string | null;
}

const START: HlsState = { levels: [], chosen: -1, playing: -1, captions: [], shown: -1, fault: null };

/**
 * Plays an HLS source in a video element. The player library is loaded with the first video. When the source has become another
 * `version` of itself, playing goes on where it was: a video that was played early gets its other sizes so, or its captions.
 */
export function useHls(video: RefObject<HTMLVideoElement | null>, source: string | null, version: string) {
  const [state, setState] = useState(START);
  const [playback, setPlayback] = useState<Playback | null>(null);
  const [attempt, setAttempt] = useState(0);
  const left = useRef({ time: 0, playing: false });
  const played = useRef<string | null>(null);

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
      // What the browser kept of it is the old version. What fails here fails again below, where it is put into words.
      if (played.current === source) await fetch(source, { cache: 'reload' }).catch(() => undefined);
      if (gone) return;
      played.current = source;
      current = startPlayback(element, source, { startAt: left.current.time, update });
      setPlayback(current);
      if (attempt > 0 || left.current.playing) await element.play();
    };
    begin().catch((error: unknown) => update({ fault: error instanceof Error ? error.message : String(error) }));
    return () => {
      gone = true;
      // One that had not begun leaves off where the one before did.
      if (element.readyState > 0) left.current = { time: element.currentTime, playing: !element.paused && !element.ended };
      current?.stop();
      setState(START);
    };
  }, [source, attempt, version]);

  const choose = (index: number): void => {
    playback?.choose(index);
    setState((before) => ({ ...before, chosen: index }));
  };
  const showCaptions = (index: number): void => playback?.showCaptions(index);
  return { ...state, choose, showCaptions, retry: () => setAttempt((before) => before + 1) };
}

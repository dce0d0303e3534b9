import { useEffect, useState } from 'preact/hooks';
import { loadStoryboard, type Tile } from './storyboard.ts';

const NONE: readonly Tile[] = [];

/** The tiles of a storyboard; none while it loads, and when it does not come: the seek bar works without. */
export function useStoryboard(url: string | null): readonly Tile[] {
  const [tiles, setTiles] = useState(NONE);
  useEffect(() => {
    if (url === null) return undefined;
    const gone = new AbortController();
    loadStoryboard(url, gone.signal).then(setTiles, (error: unknown) => {
      if (!gone.signal.aborted) console.warn('The video has no pictures on its seek bar.', error);
    });
    return () => {
      gone.abort();
      setTiles(NONE);
    };
  }, [url]);
  return tiles;
}

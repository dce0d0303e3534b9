/** A subtitle rendition that can be shown. `index` is that of hls.js. */
export interface CaptionTrack {
  index: number;
  /** BCP 47; `und` when nobody knows. */
  language: string;
  label: string;
}

const KEY = 'armoricore.captions';
const OFF = 'off';

/** The language in which captions are wished in this browser, whatever the video; null as long as they are off. */
export function wishedCaptions(): string | null {
  try {
    const wish = localStorage.getItem(KEY);
    return wish === OFF ? null : wish;
  } catch {
    return null; // No storage for this page: captions begin switched off.
  }
}

export function keepWish(language: string | null): void {
  try {
    localStorage.setItem(KEY, language ?? OFF);
  } catch {
    // It lasts as long as the player then.
  }
}

/** Index of the track that fits the wishes best, first wish first: the language itself, or another kind of it. The first track else. */
export function trackFor(tracks: readonly CaptionTrack[], wishes: readonly string[]): number {
  for (const wish of wishes) {
    const fits = (like: (tag: string) => string) => tracks.find(({ language }) => like(language) === like(wish));
    const found = fits((tag) => tag.toLowerCase()) ?? fits(primary);
    if (found !== undefined) return found.index;
  }
  return tracks[0]?.index ?? -1;
}

const primary = (tag: string): string => tag.split('-', 1)[0]!.toLowerCase();

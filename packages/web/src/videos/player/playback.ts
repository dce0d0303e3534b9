import Hls, { type ErrorData, type HlsConfig, type Level as HlsLevel, type MediaPlaylist } from 'hls.js';
import { keepWish, wishedCaptions, type CaptionTrack } from './captions.ts';
import type { HlsState, Level } from './use-hls.ts';

export interface Playback {
  /** Holds on to one level; -1 lets the speed of the connection decide. */
  choose(index: number): void;
  /** Shows a subtitle rendition; -1 shows none. */
  showCaptions(index: number): void;
  stop(): void;
}

export interface PlaybackOptions {
  /** In s. */
  startAt: number;
  update: (change: Partial<HlsState>) => void;
}

/**
 * Plays by hls.js wherever the browser has Media Source Extensions, also where it could play HLS itself: only so
 * there is a choice of quality, and the same behaviour everywhere. Sound comes as a rendition of its own, which needs
 * the full build of hls.js. Captions are text tracks of the element, so that the browser's own menu has them too, also in full screen.
 */
export function startPlayback(video: HTMLVideoElement, source: string, { startAt, update }: PlaybackOptions): Playback {
  if (!Hls.isSupported()) return startNative(video, source, update);
  // The segments are fMP4: nothing to remux, so no worker. No level larger than the element shows is worth its bytes.
  const hls = new Hls({
    enableWorker: false,
    capLevelToPlayerSize: true,
    maxBufferLength: 30,
    startPosition: startAt > 0 ? startAt : -1,
    ...captionsAsWished(),
  });
  let recovered = false;
  let stopped = false;
  hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => update({ levels: toLevels(levels) }));
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => update({ playing: level }));
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => update({ captions: toCaptions(subtitleTracks) }));
  hls.on(Hls.Events.SUBTITLE_TRACK_SWITCH, (_, { id }) => {
    if (stopped) return; // It switches them off when it leaves the element.
    update({ shown: id });
    keepWish(hls.subtitleTracks[id]?.lang ?? null);
  });
  hls.on(Hls.Events.ERROR, (_, error) => {
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
      recovered = true; // Once: a file that breaks the decoder again would do so for ever.
      hls.recoverMediaError();
      return;
    }
    update({ fault: faultOf(error) });
  });
  hls.loadSource(source);
  hls.attachMedia(video);
  return {
    choose(index) {
      hls.nextLevel = index;
    },
    showCaptions(index) {
      hls.subtitleTrack = index;
    },
    stop() {
      stopped = true;
      hls.destroy();
    },
  };
}

function startNative(video: HTMLVideoElement, source: string, update: (change: Partial<HlsState>) => void): Playback {
  const fail = (): void => update({ fault: 'This browser cannot play it.' });
  video.addEventListener('error', fail);
  video.src = source;
  return {
    choose: () => undefined, // The browser chooses, and there is no menu: it never told of levels.
    showCaptions: () => undefined, // The same: its own controls have them.
    stop() {
      video.removeEventListener('error', fail);
      video.removeAttribute('src');
      video.load();
    },
  };
}

/** Largest first, named by the short side as people do: `1080p` also for a portrait video. */
function toLevels(levels: readonly HlsLevel[]): Level[] {
  return levels
    .map(({ width, height }, index) => ({ index, height, label: `${Math.min(width || height, height)}p` }))
    .filter(({ height }) => height > 0)
    .toSorted((a, b) => b.height - a.height)
    .map(({ index, label }) => ({ index, label }));
}

function toCaptions(tracks: readonly MediaPlaylist[]): CaptionTrack[] {
  return tracks.map(({ name, lang = 'und' }, index) => ({ index, language: lang, label: name }));
}

function captionsAsWished(): Partial<HlsConfig> {
  const lang = wishedCaptions();
  return lang === null ? {} : { subtitlePreference: { lang } };
}

function faultOf({ type, response }: ErrorData): string {
  if (response?.code === 403 || response?.code === 401) return 'Its link has expired: open the page again.';
  if (type === Hls.ErrorTypes.NETWORK_ERROR) return 'The connection to the server was lost.';
  return 'A part of it cannot be decoded.';
}

import { useRef } from 'preact/hooks';
import { UNTITLED, type Media, type Rendition } from '../media.ts';
import { useHls } from '../player/use-hls.ts';
import { useStoryboard } from '../player/use-storyboard.ts';
import { CaptionsMenu } from './captions-menu.tsx';
import { QualityMenu } from './quality-menu.tsx';
import { SeekBar } from './seek-bar.tsx';

export function Player({ media }: { media: Media }) {
  const video = useRef<HTMLVideoElement>(null);
  const source = media.playback_urls?.hls ?? null;
  const version = [media.state, ...media.captions.map(({ language }) => language)].join(' ');
  const { levels, chosen, playing, captions, shown, fault, choose, showCaptions, retry } = useHls(video, source, version);
  const tiles = useStoryboard(media.storyboard);
  return (
    <section class="player" aria-label="Player">
      <div class="player-frame">
        <video
          ref={video}
          controls
          playsInline
          aria-label={media.filename ?? UNTITLED}
          data-testid="player"
          {...(media.thumbnail_urls[0] === undefined ? {} : { poster: media.thumbnail_urls[0] })}
          style={{ aspectRatio: shapeOf(media.renditions) }}
        />
        {fault !== null && (
          <div class="player-fault" role="alert">
            <p>The video stopped. {fault}</p>
            <button type="button" class="primary" onClick={retry}>
              Play again
            </button>
          </div>
        )}
      </div>
      <SeekBar video={video} tiles={tiles} />
      <div class="player-menus">
        <CaptionsMenu tracks={captions} shown={shown} onChoose={showCaptions} />
        <QualityMenu levels={levels} chosen={chosen} playing={playing} onChoose={choose} />
      </div>
    </section>
  );
}

/** All renditions have the shape of the source; sound alone gets that of a screen. */
function shapeOf([rendition]: readonly Rendition[]): string {
  return rendition === undefined ? '16 / 9' : `${rendition.width} / ${rendition.height}`;
}

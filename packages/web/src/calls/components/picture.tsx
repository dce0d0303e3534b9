import { useEffect, useMemo, useRef } from 'preact/hooks';

interface PictureProps {
  stream: MediaStream;
  label: string;
  /** As in a mirror: how people know themselves. */
  mirrored?: boolean;
  /** All of it, with bars, as for a screen; else it fills its place. */
  whole?: boolean;
  testId?: string;
}

/** A running picture. What is heard comes from elsewhere, so that it goes on when the picture is not shown. */
export function Picture({ stream, label, mirrored = false, whole = false, testId }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return (
    <video
      ref={video}
      class="picture"
      data-mirrored={mirrored}
      data-whole={whole}
      data-testid={testId}
      aria-label={label}
      autoplay
      playsInline
      muted
    />
  );
}

/** The stream of one's own track. */
export function useStreamOf(track: MediaStreamTrack | null): MediaStream | null {
  return useMemo(() => (track === null ? null : new MediaStream([track])), [track]);
}

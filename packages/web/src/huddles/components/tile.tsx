import { Icon } from '../../calls/components/icons.tsx';
import { Picture, useStreamOf } from '../../calls/components/picture.tsx';
import type { LinkState } from '../../calls/rtc/peer-link.ts';
import { Avatar } from '../../chat/components/avatar.tsx';
import { nameOf } from '../../chat/names.ts';
import type { HuddleSession } from '../session.ts';
import type { Participant } from '../state/huddle.ts';

interface Shown {
  userId: string;
  name: string;
  stream: MediaStream | null;
  muted: boolean;
  hand: boolean;
  screen: boolean;
  /** What is wrong with the connection. */
  note: string | null;
  own?: boolean;
}

/** One of the others. */
export function PeerTile({ participant, session, link }: { participant: Participant; session: HuddleSession; link: LinkState }) {
  const { userId, ref, audio, video, screen, hand } = participant;
  const stream = video || screen ? (session.links.value.get(ref)?.video ?? null) : null;
  return <Tile {...{ userId, stream, hand, screen }} name={nameOf(userId)} muted={!audio} note={noteOf(participant, link)} />;
}

/** Oneself. */
export function OwnTile({ userId, session: { media, hand } }: { userId: string; session: HuddleSession }) {
  const stream = useStreamOf(media.video.value);
  return <Tile {...{ userId, stream }} name="You" muted={!media.microphoneOn.value} hand={hand.value} screen={media.screenOn.value} note={null} own />;
}

function Tile({ userId, name, stream, muted, hand, screen, note, own = false }: Shown) {
  return (
    <li class="tile" data-testid={own ? 'own-tile' : 'tile'} data-user={userId} data-hand={hand} data-screen={screen}>
      {stream === null ? <Avatar userId={userId} /> : <Picture stream={stream} label={`Picture of ${name}`} mirrored={own && !screen} whole={screen} />}
      <p class="tile-name">
        {muted && <Icon name="microphone-off" />}
        <bdi>{name}</bdi>
        {muted && <span class="visually-hidden"> (muted)</span>}
        {screen && <span class="tile-screen"> shows a screen</span>}
      </p>
      {hand && (
        <p class="tile-hand" data-testid="hand">
          <Icon name="hand" />
          <span class="visually-hidden">{own ? 'Your hand is raised.' : `${name} raises a hand.`}</span>
        </p>
      )}
      {note !== null && <p class="tile-note">{note}</p>}
    </li>
  );
}

function noteOf({ connected }: Participant, link: LinkState): string | null {
  if (!connected) return 'Lost the connection …';
  if (link === 'connected') return null;
  return link === 'connecting' ? 'Connecting …' : 'Interrupted …';
}

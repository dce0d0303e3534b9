import type { Room } from '../state/room.ts';
import { RoomMark } from './avatar.tsx';
import { Icon } from './icons.tsx';
import { People } from './people.tsx';

export function RoomHeader({ room }: { room: Room }) {
  return (
    <header class="room-header">
      <a class="icon-button back" href="#/chat" aria-label="All rooms">
        <Icon name="back" />
      </a>
      <RoomMark id={room.id} />
      <h1 tabIndex={-1}>
        <bdi>{room.title ?? room.id}</bdi>
      </h1>
      <People here={room.here} me={room.me} />
    </header>
  );
}

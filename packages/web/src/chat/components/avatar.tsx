import { hueOf, initialsOf } from '../names.ts';

/** A user's initials on a colour of their own. It is an ornament: the name stands beside it. */
export function Avatar({ userId }: { userId: string }) {
  return (
    <span class="avatar" style={{ '--hue': String(hueOf(userId)) }} aria-hidden="true">
      {initialsOf(userId)}
    </span>
  );
}

export function RoomMark({ id }: { id: string }) {
  return (
    <span class="avatar room-mark" style={{ '--hue': String(hueOf(id)) }} aria-hidden="true">
      #
    </span>
  );
}

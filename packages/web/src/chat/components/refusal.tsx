import { rejoin } from '../connect.ts';
import { roomRefusalInWords } from '../reasons.ts';
import type { Refusal } from '../state/room.ts';

/** A room that does not let us in. */
export function RoomRefusal({ id, refusal }: { id: string; refusal: Refusal }) {
  return (
    <div class="room-refusal" role="alert" data-testid="refusal">
      <p>{roomRefusalInWords(refusal)}</p>
      <p class="refusal-actions">
        <button type="button" class="primary" onClick={() => rejoin(id)}>
          Try again
        </button>
        <a href="#/chat">All rooms</a>
      </p>
    </div>
  );
}

import { useEffect, useRef } from 'preact/hooks';
import { roomList } from '../rooms.ts';
import { JoinForm } from './join-form.tsx';
import { RoomItem } from './room-item.tsx';
import { Yourself } from './yourself.tsx';

/** The rooms of this user, and the way into others. */
export function Sidebar({ openId }: { openId: string | null }) {
  const rooms = roomList.value.filter(({ state, id }) => state !== 'refused' || id === openId);
  const list = useRef<HTMLUListElement>(null);
  const before = useRef(openId);
  useEffect(() => {
    const left = before.current;
    before.current = openId;
    // Back from a room, as on a phone: reading goes on where it was.
    if (openId === null && left !== null) list.current?.querySelector<HTMLElement>(`[data-room="${CSS.escape(left)}"]`)?.focus();
  }, [openId]);
  const Heading = openId === null ? 'h1' : 'h2';
  return (
    <section class="sidebar" aria-label="Rooms">
      <Heading class="sidebar-title">Chat</Heading>
      <JoinForm />
      {rooms.length === 0 && (
        <p class="sidebar-hint">
          No rooms yet. Everyone who opens a room of the same name is in it: <a href="#/chat/lobby">open the lobby</a>, for a start.
        </p>
      )}
      <ul class="room-list" ref={list}>
        {rooms.map((room) => (
          <li key={room.id}>
            <RoomItem room={room} open={room.id === openId} />
          </li>
        ))}
      </ul>
      <Yourself roomId={openId} />
    </section>
  );
}

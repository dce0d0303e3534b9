import { computed, signal, type Signal } from '@preact/signals';
import { latest, reduce } from './state/reduce.ts';
import { newRoom, type Room, type RoomEvent } from './state/room.ts';

const rooms = signal<ReadonlyMap<string, Signal<Room>>>(new Map());

/** All rooms that the page knows, the latest active first. */
export const roomList = computed<readonly Room[]>(() => {
  const all = [...rooms.value.values()].map((room) => room.value);
  return all.toSorted((a, b) => (a.activeAt === b.activeAt ? (a.id < b.id ? -1 : 1) : latest(a.activeAt, b.activeAt) === a.activeAt ? -1 : 1));
});

/** Unread messages of a room that nobody looks at now: what is before somebody's eyes is read in a moment. */
export const unreadOf = ({ unread, attended, state }: Room): number => (attended || state === 'refused' ? 0 : unread);

/** Unread messages of all rooms. */
export const unreadTotal = computed(() => roomList.value.reduce((sum, room) => sum + unreadOf(room), 0));

export function findRoom(id: string): Signal<Room> | undefined {
  return rooms.value.get(id);
}

/** The room of that id; made when there is none. */
export function ensureRoom(id: string, me: string): Signal<Room> {
  const known = rooms.peek().get(id);
  if (known !== undefined) return known;
  const made = signal(newRoom(id, me));
  rooms.value = new Map(rooms.peek()).set(id, made);
  return made;
}

export function dispatch(id: string, event: RoomEvent): void {
  const room = rooms.peek().get(id);
  if (room !== undefined) room.value = reduce(room.peek(), event);
}

/** Another user, or none: nothing of this one stays. */
export function forgetRooms(): void {
  rooms.value = new Map();
}

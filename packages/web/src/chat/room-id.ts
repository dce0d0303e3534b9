/** Names of rooms as the server takes them: 1 to 128 of `A–Z a–z 0–9 _ . -`. */
const ROOM_ID = /^[A-Za-z0-9_.-]{1,128}$/;

export const isRoomId = (id: string): boolean => ROOM_ID.test(id);

/** The id of a room that somebody names: `Café am Platz` is `cafe-am-platz`. Null when nothing is left of the name. */
export function roomIdOf(name: string): string | null {
  const trimmed = name.trim().replace(/^#/, '');
  if (isRoomId(trimmed)) return trimmed;
  const id = trimmed
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 128);
  return id === '' ? null : id;
}

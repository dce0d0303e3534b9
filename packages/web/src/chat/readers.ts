import { batch, computed, effect, type Signal } from '@preact/signals';
import { call } from '../api.ts';
import type { Room, RoomEvent } from './state/room.ts';

/** Of a larger conversation the others' marks show as they move. */
const MOST = 1_000;

/** Reads how far the others have read, whenever the open room is joined: their marks are told only as they move. Returns what ends it. */
export function followReaders(room: Signal<Room>, dispatch: (event: RoomEvent) => void): () => void {
  const wanted = computed(() => room.value.open && room.value.state === 'joined');

  async function load(): Promise<void> {
    const { id, me } = room.peek();
    try {
      const { members } = await call<{ members: { user_id: string; read_seq: number }[] }>('GET', `/conversations/${encodeURIComponent(id)}/members?limit=${MOST}`);
      batch(() => {
        for (const { user_id: userId, read_seq: seq } of members) {
          if (userId !== me) dispatch({ type: 'read', userId, seq });
        }
      });
    } catch (error) {
      console.warn('What others have read is not known.', error);
    }
  }

  return effect(() => {
    if (wanted.value) void load();
  });
}

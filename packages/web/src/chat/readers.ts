import { computed, effect, type Signal } from '@preact/signals';
import { call } from '../api.ts';
import type { Room, RoomEvent } from './state/room.ts';

/** Of a larger conversation the others' marks show as they move. */
const MOST = 1_000;

/** Reads how far the others have read, whenever the open room is joined: their marks are told only as they move. Returns what ends it. */
export function followReaders(room: Signal<Room>, dispatch: (event: RoomEvent) => void): () => void {
  const wanted = computed(() => room.value.open && room.value.state === 'joined');
  const stop = effect(() => {
    if (wanted.value) void load();
  });

  async function load(): Promise<void> {
    const { id, me } = room.peek();
    try {
      const { members } = await call<{ members: { user_id: string; read_seq: number }[] }>('GET', `/conversations/${encodeURIComponent(id)}/members?limit=${MOST}`);
      for (const { user_id, read_seq } of members) {
        if (user_id !== me && read_seq > 0) dispatch({ type: 'read', userId: user_id, seq: read_seq });
      }
    } catch (error) {
      console.warn('What others have read is not known.', error);
    }
  }

  return stop;
}

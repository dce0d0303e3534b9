import { useEffect, useState } from 'preact/hooks';
import { connection } from '../../socket.ts';
import { roomRefusalInWords } from '../reasons.ts';
import type { Room } from '../state/room.ts';

/** What is wrong with the connection, for as long as it is. */
export function Banner({ room }: { room: Room }) {
  const online = useOnline();
  const words = wordsFor(room, online);
  return (
    <div class="banner-place" role="status">
      {words !== null && (
        <p class="banner" data-testid="banner">
          <span class="connection-dot" aria-hidden="true" />
          {words}
          {waiting(room)}
        </p>
      )}
    </div>
  );
}

function wordsFor({ state, refusal, messages }: Room, online: boolean): string | null {
  if (!online) return 'You are offline.';
  if (connection.value === 'reconnecting') return 'The connection is lost. Trying again …';
  if (state === 'refused' && refusal !== null) return `${roomRefusalInWords(refusal)} Trying again …`;
  if (state === 'joining' && messages.length > 0) return 'Catching up …';
  return null;
}

function waiting({ outbox, state }: Room): string {
  const count = outbox.filter((outgoing) => outgoing.state === 'pending').length;
  if (count === 0 || state === 'joined') return '';
  return count === 1 ? ' Your message is sent when it is back.' : ` Your ${count} messages are sent when it is back.`;
}

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const off = new AbortController();
    const update = (): void => setOnline(navigator.onLine);
    for (const type of ['online', 'offline']) window.addEventListener(type, update, { signal: off.signal });
    return () => off.abort();
  }, []);
  return online;
}

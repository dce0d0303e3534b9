import { useEffect, useRef, useState } from 'preact/hooks';
import { nameOf } from '../names.ts';
import type { Room } from '../state/room.ts';

/** Says the new messages of others to a screen reader: those that come, not those that a scroll up brings. */
export function Announcer({ room: { messages, me, state } }: { room: Room }) {
  const last = messages.at(-1);
  const heard = useRef<number | null>(null);
  const [words, setWords] = useState('');
  useEffect(() => {
    if (state !== 'joined') return;
    const before = heard.current;
    heard.current = last?.seq ?? 0;
    if (last === undefined || before === null || last.seq <= before || last.senderId === me) return;
    setWords(`${nameOf(last.senderId)}: ${last.content || 'an attachment'}`);
  }, [last, me, state]);
  return (
    <p class="visually-hidden" role="status">
      {words}
    </p>
  );
}

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useAttention } from '../attention.ts';
import { channelOf } from '../connect.ts';
import { dispatch } from '../rooms.ts';
import { entriesOf } from '../state/entries.ts';
import type { Message } from '../state/message.ts';
import type { Room } from '../state/room.ts';
import { useLogScroll } from '../use-log-scroll.ts';
import { moveAmongMessages } from '../move.ts';
import { Icon } from './icons.tsx';
import { LogEntries } from './log-entries.tsx';

/** The messages of a room, the newest at the bottom. */
export function Log({ room, onDelete }: { room: Room; onDelete: (message: Message) => void }) {
  const { id, messages, outbox, divider, me, unread } = room;
  const box = useRef<HTMLDivElement>(null);
  const attentive = useAttention();
  const [activeId, setActiveId] = useState<string | null>(null);
  const entries = useMemo(() => entriesOf({ messages, outbox, divider, me }), [messages, outbox, divider, me]);
  const { view, look, toEnd } = useLogScroll(box, {
    firstSeq: messages[0]?.seq ?? 0,
    outgoing: outbox.length,
    ready: room.state === 'joined' && !room.stale,
    onTop: () => void channelOf(id)?.pager.older(),
  });
  useEffect(() => dispatch(id, { type: 'attended', attended: attentive && view === 'end' }), [id, attentive, view]);

  return (
    <div class="log-frame">
      <div
        ref={box}
        class="log"
        role="log"
        aria-label="Messages"
        aria-live="off"
        aria-busy={room.state === 'joining'}
        data-testid="log"
        onScroll={look}
        onKeyDown={moveAmongMessages}
        onFocusIn={({ target }) => setActiveId((target as HTMLElement).closest<HTMLElement>('[data-message]')?.dataset['message'] ?? null)}
      >
        <Beginning room={room} />
        <ol>
          <LogEntries room={room} entries={entries} activeId={activeId ?? messages.at(-1)?.id ?? null} onDelete={onDelete} />
        </ol>
      </div>
      {view === 'up' && (
        <button type="button" class="jump" onClick={toEnd} data-testid="jump">
          <Icon name="down" />
          {unread > 0 ? `${unread} new` : 'Latest'}
        </button>
      )}
    </div>
  );
}

function Beginning({ room: { atBeginning, messages, state, title, id } }: { room: Room }) {
  if (!atBeginning) return <p class="beginning">{state === 'joined' || messages.length > 0 ? 'Reading earlier messages …' : 'Opening the room …'}</p>;
  return (
    <p class="beginning">
      {messages.length === 0 ? 'Nothing has been said here yet. Say hello!' : 'This is the beginning of '}
      {messages.length > 0 && <bdi>{title ?? id}</bdi>}
      {messages.length > 0 && '.'}
    </p>
  );
}

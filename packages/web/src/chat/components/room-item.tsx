import { formatAddress } from '../../address.ts';
import { nameOf, namesInWords } from '../names.ts';
import { unreadOf } from '../rooms.ts';
import type { Room } from '../state/room.ts';
import { shortTime } from '../times.ts';
import { RoomMark } from './avatar.tsx';

/** One room in the list: what was said last, and how much of it is new. */
export function RoomItem({ room, open }: { room: Room; open: boolean }) {
  const { id, title, activeAt } = room;
  const unread = unreadOf(room);
  return (
    <a class="room-item" href={formatAddress(['chat', id])} aria-current={open ? 'page' : undefined} data-room={id}>
      <RoomMark id={id} />
      <span class="room-item-top">
        <bdi class="room-item-name">{title ?? id}</bdi>
        {activeAt !== null && <time dateTime={activeAt}>{shortTime(activeAt, new Date())}</time>}
      </span>
      <span class="room-item-bottom">
        <Preview room={room} />
        {unread > 0 && (
          <span class="badge" data-testid="unread">
            {unread > 99 ? '99+' : unread}
            <span class="visually-hidden"> unread</span>
          </span>
        )}
      </span>
    </a>
  );
}

function Preview({ room: { state, typing, messages, me, outbox } }: { room: Room }) {
  const last = messages.at(-1);
  if (state === 'refused') return <span class="preview">Cannot be opened</span>;
  if (typing.length > 0) return <span class="preview is-typing">{namesInWords(typing)} …</span>;
  const pending = outbox.at(-1);
  if (pending !== undefined) return <span class="preview">You: {pending.content}</span>;
  if (last === undefined) return <span class="preview">Nothing said yet</span>;
  const author = last.senderId === me ? 'You' : nameOf(last.senderId);
  return (
    <span class="preview">
      <bdi>{author}</bdi>: {last.deletedAt === null ? <bdi>{last.content || 'an attachment'}</bdi> : <i>deleted</i>}
    </span>
  );
}

import { useMemo } from 'preact/hooks';
import { namesInWords } from '../names.ts';
import type { Entry } from '../state/entries.ts';
import type { Message } from '../state/message.ts';
import type { Room } from '../state/room.ts';
import { readersOf } from '../state/unread.ts';
import { dayInWords } from '../times.ts';
import { MessageRow } from './message-row.tsx';
import { OutgoingRow } from './outgoing-row.tsx';

interface LogEntriesProps {
  room: Room;
  entries: readonly Entry[];
  activeId: string | null;
  onDelete: (message: Message) => void;
}

/** The lines of the log. */
export function LogEntries({ room, entries, activeId, onDelete }: LogEntriesProps) {
  const { id: roomId, me, messages, role, readers } = room;
  const byId = useMemo(() => new Map(messages.map((message) => [message.id, message])), [messages]);
  const answered = (replyTo: string | null): Message | undefined => (replyTo === null ? undefined : byId.get(replyTo));
  const readUpTo = Math.max(0, ...Object.values(readers));
  const lastOwn = messages.findLast(({ senderId, deletedAt }) => senderId === me && deletedAt === null);
  return (
    <>
      {entries.map((entry) => {
        switch (entry.kind) {
          case 'day':
            return (
              <li key={entry.key} class="day">
                <span>{dayInWords(entry.at, new Date())}</span>
              </li>
            );
          case 'new':
            return (
              <li key={entry.key} class="divider" data-divider data-testid="divider">
                <span>New messages</span>
              </li>
            );
          case 'outgoing':
            return <OutgoingRow key={entry.key} roomId={roomId} me={me} outgoing={entry.outgoing} first={entry.first} answered={answered(entry.outgoing.replyTo)} />;
          case 'message': {
            const { message, own, first } = entry;
            const row = (
              <MessageRow
                key={entry.key}
                roomId={roomId}
                me={me}
                message={message}
                own={own}
                first={first}
                answered={answered(message.replyTo)}
                mayDelete={own || role === 'moderator'}
                active={message.id === activeId}
                read={readUpTo >= message.seq}
                onDelete={onDelete}
              />
            );
            return message === lastOwn ? [row, <ReadBy key="read-by" userIds={readersOf(room, message.seq, me)} />] : row;
          }
        }
      })}
    </>
  );
}

/** To whom our latest message was read. */
function ReadBy({ userIds }: { userIds: readonly string[] }) {
  if (userIds.length === 0) return null;
  return (
    <li class="read-by" data-testid="read-by">
      Read by <bdi>{namesInWords(userIds)}</bdi>
    </li>
  );
}

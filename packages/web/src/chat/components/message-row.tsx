import { useMemo } from 'preact/hooks';
import { react } from '../actions.ts';
import { nameOf } from '../names.ts';
import type { Message } from '../state/message.ts';
import { clock, inFull } from '../times.ts';
import { Avatar } from './avatar.tsx';
import { Icon } from './icons.tsx';
import { MessageText } from './message-text.tsx';
import { MessageTools } from './message-tools.tsx';
import { Quote } from './quote.tsx';
import { Reactions } from './reactions.tsx';

interface MessageRowProps {
  roomId: string;
  me: string;
  message: Message;
  own: boolean;
  first: boolean;
  /** The message it answers, when the log has it. */
  answered: Message | undefined;
  mayDelete: boolean;
  /** Whether the Tab key stops here. */
  active: boolean;
  read: boolean;
  onDelete: (message: Message) => void;
}

/** One message of the log. */
export function MessageRow({ roomId, me, message, own, first, answered, mayDelete, active, read, onDelete }: MessageRowProps) {
  const onReact = (emoji: string): void => react(roomId, message, emoji);
  const deleted = message.deletedAt !== null;
  // A log has hundreds of them: one that did not change is not made anew.
  return useMemo(
    () => (
      <li class="row" data-own={own} data-first={first} data-message={message.id} tabIndex={active ? 0 : -1}>
        {first && !own && <Avatar userId={message.senderId} />}
        <div class="bubble" data-deleted={deleted}>
          <p class={first && !own ? 'author' : 'visually-hidden'}>
            <bdi title={message.senderId}>{own ? 'You' : nameOf(message.senderId)}</bdi>
          </p>
          {message.replyTo !== null && !deleted && <Quote message={answered} me={me} />}
          <div class="body">
            {deleted ? <p class="tombstone">This message was deleted.</p> : <MessageText content={message.content} />}
            {message.attachments.length > 0 && <p class="attachments">{attachmentsInWords(message.attachments.length)}</p>}
            <p class="meta">
              {message.editedAt !== null && <span title={inFull(message.editedAt)}>edited</span>}
              <time dateTime={message.createdAt} title={inFull(message.createdAt)}>
                {clock(message.createdAt)}
              </time>
              {own && !deleted && <Mark read={read} />}
            </p>
          </div>
          {!deleted && <MessageTools message={message} own={own} mayDelete={mayDelete} onReact={onReact} onDelete={() => onDelete(message)} />}
        </div>
        <Reactions message={message} me={me} onReact={onReact} />
      </li>
    ),
    [roomId, me, message, own, first, answered, mayDelete, active, read, onDelete],
  );
}

function Mark({ read }: { read: boolean }) {
  return (
    <span class="mark-read" data-read={read} role="img" aria-label={read ? 'Read' : 'Sent'} title={read ? 'Read' : 'Sent'}>
      <Icon name={read ? 'ticks' : 'tick'} />
    </span>
  );
}

const attachmentsInWords = (count: number): string => (count === 1 ? '1 attachment' : `${count} attachments`);

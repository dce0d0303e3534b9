import { inFull, shortTime } from '../../chat/times.ts';
import type { Item } from '../state/item.ts';
import { dispatch } from '../store.ts';
import { Icon } from './icons.tsx';

interface EntryProps {
  item: Item;
  now: Date;
  /** Somebody follows its link. */
  onOpen: () => void;
}

/** One notification. What it says is what somebody wrote: text, nothing else. */
export function Entry({ item, now, onOpen }: EntryProps) {
  const { id, topic, title, body, at, href, read, delivery } = item;
  const markRead = (): void => dispatch({ type: 'read', id });
  const name = title ?? 'A notification';
  return (
    <li class="bell-item" data-read={read} data-testid="bell-item">
      <Icon name={topic} />
      <div class="bell-text">
        {href === null ? (
          <strong>{name}</strong>
        ) : (
          <a
            href={href}
            onClick={() => {
              markRead();
              onOpen();
            }}
          >
            {name}
          </a>
        )}
        {!read && <span class="visually-hidden"> (unread)</span>}
        {body !== '' && <p>{body}</p>}
        <p class="bell-facts">
          <time dateTime={at} title={inFull(at)}>
            {shortTime(at, now)}
          </time>
          {delivery !== null && <span data-testid="delivery">{delivery}</span>}
        </p>
      </div>
      {!read && (
        <button type="button" class="icon-button" aria-label={`Mark as read: ${name}`} title="Mark as read" onClick={markRead}>
          <Icon name="tick" />
        </button>
      )}
    </li>
  );
}

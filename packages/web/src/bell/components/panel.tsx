import { bell, dispatch, unread } from '../store.ts';
import { Entry } from './entry.tsx';

/** What came, newest first. The heading is always there, so that the focus has where to go; the list is made when it is looked at. */
export function Panel({ open, onClose }: { open: boolean; onClose: () => void }) {
  const now = new Date();
  const { items } = bell.value;
  return (
    <>
      <div class="bell-top">
        <h2 id="bell-title" tabIndex={-1} autofocus>
          Notifications
        </h2>
        {unread.value > 0 && (
          <button type="button" class="quiet" data-testid="read-all" onClick={() => dispatch({ type: 'read_all' })}>
            Mark all as read
          </button>
        )}
      </div>
      {open && items.length === 0 && (
        <p class="bell-empty">Nothing yet. What concerns you comes in here as it happens: messages, calls, your videos and their captions.</p>
      )}
      {open && items.length > 0 && (
        <ul class="bell-items">
          {items.map((item) => (
            <Entry key={item.id} item={item} now={now} onOpen={onClose} />
          ))}
        </ul>
      )}
      <a class="bell-settings" href="#/settings" onClick={onClose}>
        Notification settings
      </a>
    </>
  );
}

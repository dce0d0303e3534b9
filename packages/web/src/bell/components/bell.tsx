import { useState } from 'preact/hooks';
import { heard, unread } from '../store.ts';
import '../styles/bell.css';
import { Icon } from './icons.tsx';
import { Panel } from './panel.tsx';

const PANEL = 'bell-panel';

/** The bell in the header: how much is unread, and behind it what came. */
export function Bell() {
  const [open, setOpen] = useState(false);
  const count = unread.value;
  return (
    <>
      <button type="button" class="icon-button bell" aria-label={labelOf(count)} popovertarget={PANEL} data-testid="bell">
        <Icon name="bell" />
        {count > 0 && (
          <span class="badge" aria-hidden="true" data-testid="bell-count">
            {count}
          </span>
        )}
      </button>
      <section
        id={PANEL}
        class="bell-panel"
        popover="auto"
        role="dialog"
        aria-labelledby="bell-title"
        data-testid="bell-panel"
        onToggle={(event) => setOpen(event.newState === 'open')}
      >
        <Panel open={open} onClose={() => document.getElementById(PANEL)?.hidePopover()} />
      </section>
      <p class="visually-hidden" role="status">
        {heard.value !== '' && `New: ${heard.value}`}
      </p>
    </>
  );
}

function labelOf(count: number): string {
  return count === 0 ? 'Notifications' : `Notifications, ${count} unread`;
}

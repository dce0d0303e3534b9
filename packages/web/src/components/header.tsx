import { session } from '../session.ts';
import { connection, type Connection } from '../socket.ts';

const LABELS: Record<Connection, string> = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting' };

export function Header() {
  return (
    <header class="header">
      <span class="brand">
        <Mark />
        Armoricore
      </span>
      {session.value.state !== 'token_needed' && <ConnectionBadge />}
    </header>
  );
}

/** The ladder of renditions: three bars, each shorter than the one above. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
      <rect y="1" width="18" height="3.4" rx="1" />
      <rect y="7.3" width="12.5" height="3.4" rx="1" />
      <rect y="13.6" width="7" height="3.4" rx="1" />
    </svg>
  );
}

function ConnectionBadge() {
  const state = connection.value;
  return (
    <span class="connection" role="status" data-testid="connection" data-state={state}>
      <span class="connection-dot" aria-hidden="true" />
      {LABELS[state]}
    </span>
  );
}

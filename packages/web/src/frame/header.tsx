import { formatAddress } from '../address.ts';
import { Bell } from '../bell/components/bell.tsx';
import { SCREENS, type Screen } from '../screens.tsx';
import { session } from '../session.ts';
import { connection, type Connection } from '../socket.ts';
import { Navigation } from './navigation.tsx';

const LABELS: Record<Connection, string> = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting' };

export function Header({ current }: { current: Screen }) {
  const signedOut = session.value.state === 'token_needed';
  return (
    <header class="header">
      <a class="brand" href="#/">
        <Mark />
        <span class="brand-name">Armoricore</span>
      </a>
      {!signedOut && <Navigation current={current} />}
      {!signedOut && (
        <div class="header-tools">
          <ConnectionBadge />
          {SCREENS.filter(({ isTool }) => isTool === true).map((screen) => (
            <ToolLink key={screen.path} screen={screen} isCurrent={screen === current} />
          ))}
          <Bell />
        </div>
      )}
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

function ToolLink({ screen: { path, label, Icon }, isCurrent }: { screen: Screen; isCurrent: boolean }) {
  return (
    <a class="icon-button" href={formatAddress([path])} aria-label={label} title={label} aria-current={isCurrent ? 'page' : undefined} data-testid={`nav-${path}`}>
      <Icon />
    </a>
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

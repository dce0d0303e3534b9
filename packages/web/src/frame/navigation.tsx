import { formatAddress } from '../address.ts';
import { SCREENS, type Screen } from '../screens.tsx';

/** The screens: in the header, on a phone at the bottom. */
export function Navigation({ current }: { current: Screen }) {
  return (
    <nav class="nav" aria-label="Screens">
      <ul>
        {SCREENS.filter(({ isTool }) => isTool !== true).map((screen) => (
          <li key={screen.path}>
            <a
              href={formatAddress(screen.path === '' ? [] : [screen.path])}
              aria-current={screen === current ? 'page' : undefined}
              data-testid={`nav-${screen.path || 'videos'}`}
            >
              <screen.Icon />
              <span>{screen.label}</span>
              {screen.badge !== undefined && <Badge {...screen.badge} />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Badge({ count, what }: NonNullable<Screen['badge']>) {
  if (count.value === 0) return null;
  return (
    <span class="badge" data-testid="nav-badge">
      {count.value > 99 ? '99+' : count.value}
      <span class="visually-hidden"> {what}</span>
    </span>
  );
}

import { Icon, type IconName } from './icons.tsx';

interface LiveBarProps {
  icon: IconName;
  /** What goes on: `Call with Ann`. */
  what: string;
  href: string;
  /** What the way out is called. */
  leave: string;
  onLeave: () => void;
}

/** What goes on while another screen is shown, with the way back and the way out. */
export function LiveBar({ icon, what, href, leave, onLeave }: LiveBarProps) {
  return (
    <aside class="live-bar" aria-label={what} data-testid="live-bar">
      <a href={href}>
        <Icon name={icon} />
        <bdi>{what}</bdi>
      </a>
      <button type="button" class="icon-button" aria-label={leave} title={leave} onClick={onLeave}>
        <Icon name="hang-up" />
      </button>
    </aside>
  );
}

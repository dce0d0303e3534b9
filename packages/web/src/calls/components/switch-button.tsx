import { Icon, type IconName } from './icons.tsx';

interface SwitchButtonProps {
  on: boolean;
  /** What it switches: `Microphone`. */
  label: string;
  icon: IconName;
  iconOff?: IconName;
  /** Being off is what one should notice, as of a microphone; else being on is. */
  warnsOff?: boolean;
  testId: string;
  onClick: () => void;
}

/** Switches something of one's own on and off. */
export function SwitchButton({ on, label, icon, iconOff = icon, warnsOff = false, testId, onClick }: SwitchButtonProps) {
  return (
    <button
      type="button"
      class="round-button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      title={`${label} ${on ? 'on' : 'off'}`}
      data-marked={warnsOff ? !on : on}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon name={on ? icon : iconOff} />
    </button>
  );
}

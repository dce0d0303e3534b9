import { countInWords } from '../words.ts';
import { Icon, type IconName } from './icons.tsx';

/** A total that ticks. */
export function Counter({ icon, label, count }: { icon: IconName; label: string; count: number }) {
  return (
    <li class="counter">
      <Icon name={icon} />
      <strong key={count} class="counter-count" data-testid={`count-${label}`}>
        {countInWords(count)}
      </strong>
      <span>{label}</span>
    </li>
  );
}

import { formatAddress } from '../address.ts';
import { LiveBar } from '../calls/components/live-bar.tsx';
import { route } from '../route.ts';
import { leave } from './connect.ts';
import { huddles } from './store.ts';

/** What of huddles lies over every screen: the one that goes on while another screen is shown. */
export function HuddleLayer() {
  const { huddle } = huddles.value;
  const [screen, id] = route.value;
  if (huddle === null || (screen === 'huddles' && id === huddle.id)) return null;
  return <LiveBar icon="huddle" what={huddle.view?.name ?? 'Huddle'} href={formatAddress(['huddles', huddle.id])} leave="Leave the huddle" onLeave={leave} />;
}

import { useEffect } from 'preact/hooks';
import { formatAddress } from '../address.ts';
import { nameOf } from '../chat/names.ts';
import { route } from '../route.ts';
import { Incoming } from './components/incoming.tsx';
import { LiveBar } from './components/live-bar.tsx';
import { hangUp } from './connect.ts';
import { calls, dispatch } from './store.ts';
import { overInWords } from './words.ts';

/** How long the end of a call is said on other screens, in ms. */
const SHOWN_MS = 6_000;

/** What of calls lies over every screen: one that rings, and one that goes on or has just ended while another screen is shown. */
export function CallLayer() {
  const { call, over, me } = calls.value;
  const elsewhere = route.value[0] !== 'calls';
  useEffect(() => {
    if (over === null || !elsewhere) return undefined;
    const timer = setTimeout(() => dispatch({ type: 'dismissed' }), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [over, elsewhere]);
  if (call?.phase === 'incoming') return <Incoming key={call.callId} call={call} />;
  return (
    <>
      {call !== null && elsewhere && (
        <LiveBar icon="phone" what={`Call with ${nameOf(call.peerId)}`} href={formatAddress(['calls'])} leave="Hang up" onLeave={hangUp} />
      )}
      <div role="status" class="call-toast-place">
        {call === null && over !== null && elsewhere && <p class="call-toast">{overInWords(over, me)}</p>}
      </div>
    </>
  );
}

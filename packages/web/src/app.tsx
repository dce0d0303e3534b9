import { CallLayer } from './calls/layer.tsx';
import { Header } from './frame/header.tsx';
import { SkipLink } from './frame/skip-link.tsx';
import { TokenForm } from './frame/token-form.tsx';
import { useArrival } from './frame/use-arrival.ts';
import { HuddleLayer } from './huddles/layer.tsx';
import { route } from './route.ts';
import { screenOf } from './screens.tsx';
import { session } from './session.ts';

/** The frame of the page: header, navigation, and the screen of the address. */
export function App() {
  const screen = screenOf(route.value);
  const tokenNeeded = session.value.state === 'token_needed';
  useArrival(screen);
  return (
    <div class="app" data-screen={tokenNeeded ? 'sign-in' : screen.path || 'videos'}>
      <SkipLink />
      <Header current={screen} />
      <main id="main" tabIndex={-1}>
        {session.value.state === 'token_needed' ? (
          <TokenForm refused={session.value.refused} />
        ) : (
          <screen.View key={screen.path} rest={route.value.slice(1)} />
        )}
      </main>
      <CallLayer />
      <HuddleLayer />
    </div>
  );
}

import { computed, effect, untracked } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { call } from './api.ts';
import { runBell } from './bell/store.ts';
import { SCREENS } from './screens.tsx';
import { session, startSession } from './session.ts';
import { goLive } from './socket.ts';
import './styles/base.css';
import './styles/frame.css';

const userId = computed(() => (session.value.state === 'signed_in' ? session.value.userId : null));

// Live as long as one user is signed in; a renewed token of the same user needs no new socket.
effect(() => (userId.value === null ? undefined : untracked(() => runScreens(userId.peek() as string))));

// A file that misses the place for it must not replace the page.
for (const type of ['dragover', 'drop'] as const) {
  window.addEventListener(type, (event) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  });
}

render(<App />, document.getElementById('app') as HTMLElement);
await startSession();

function runScreens(id: string): () => void {
  const live = goLive(id, () => (session.peek().state === 'signed_in' ? (session.peek() as { token: string }).token : ''), () => void checkToken());
  const ends = [...SCREENS.map(({ run }) => run?.(live)), runBell(live)];
  return () => {
    for (const end of ends) end?.();
    live.close();
  };
}

/** A socket is refused without a reason; the same token over HTTP tells whether it is the token, and renews it then. */
async function checkToken(): Promise<void> {
  try {
    await call('GET', '/conversations?limit=1');
  } catch (error) {
    console.warn('The connection is lost.', error);
  }
}

import { computed, effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.tsx';
import { session, startSession } from './session.ts';
import { connect, flow } from './store.ts';
import './styles/base.css';
import './styles/screen.css';
import './styles/details.css';
import './styles/player.css';
import './styles/library.css';

const userId = computed(() => (session.value.state === 'signed_in' ? session.value.userId : null));

// Live as long as one user is signed in; a renewed token of the same user needs no new socket.
effect(() => (userId.value === null ? undefined : connect(userId.value)));

window.addEventListener('beforeunload', (event) => {
  if (flow.value.at === 'uploading') event.preventDefault();
});

render(<App />, document.getElementById('app') as HTMLElement);
await startSession();

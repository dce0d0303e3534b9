import type { Screen as ScreenOfPage } from '../screens.tsx';
import { Details } from './components/details.tsx';
import { Library } from './components/library.tsx';
import { Screen } from './components/screen.tsx';
import { Title } from './components/title.tsx';
import { usePageDrop } from './drop.ts';
import { run } from './store.ts';
import './styles/screen.css';
import './styles/details.css';
import './styles/player.css';
import './styles/library.css';

/** Videos: a file becomes a stream. */
export const videosScreen: ScreenOfPage = { path: '', label: 'Videos', Icon, View, run };

function View() {
  const dragging = usePageDrop();
  return (
    <div class="column">
      <Title />
      <Screen dragging={dragging} />
      <Details />
      <Library />
    </div>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <rect x="3" y="5" width="18" height="14" rx="3" />
      <path d="M10.2 9.2v5.6l4.8-2.8z" />
    </svg>
  );
}

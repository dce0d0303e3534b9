import type { Screen } from '../screens.tsx';
import { Icon } from './components/icons.tsx';
import { OpenForm } from './components/open-form.tsx';
import { ReelView } from './components/reel-view.tsx';
import { reel, run } from './store.ts';
import './styles/reels.css';

/** Reels: hearts, comments, shares and views, as they happen. */
export const reelsScreen: Screen = { path: 'reels', label: 'Reels', Icon: () => <Icon name="reel" />, View, run };

function View({ rest: [id] }: { rest: readonly string[] }) {
  const open = reel.value;
  return (
    <div class="column reels">
      {open !== null && open.id === id ? <ReelView key={open.id} reel={open} /> : <h1 class="screen-title">Reels</h1>}
      <OpenForm />
    </div>
  );
}

import { Icon } from '../calls/components/icons.tsx';
import type { Screen } from '../screens.tsx';
import { CreateForm } from './components/create-form.tsx';
import { Door } from './components/door.tsx';
import { HuddleList } from './components/huddle-list.tsx';
import { Room } from './components/room.tsx';
import { run } from './connect.ts';
import { huddles } from './store.ts';
import './styles/huddles.css';
import './styles/room.css';

/** Huddles: rooms for calls of several. */
export const huddlesScreen: Screen = { path: 'huddles', label: 'Huddles', Icon: () => <Icon name="huddle" />, View, run };

function View({ rest: [id] }: { rest: readonly string[] }) {
  const { huddle } = huddles.value;
  if (id !== undefined && huddle?.id === id) return <Room huddle={huddle} />;
  if (id !== undefined) {
    return (
      <div class="column">
        <Door key={id} id={id} />
      </div>
    );
  }
  return (
    <div class="column">
      <h1 class="screen-title">Huddles</h1>
      <CreateForm />
      <HuddleList />
    </div>
  );
}

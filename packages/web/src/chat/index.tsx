import type { Screen } from '../screens.tsx';
import { Icon } from './components/icons.tsx';
import { RoomPane } from './components/room-pane.tsx';
import { Sidebar } from './components/sidebar.tsx';
import { openRoomId, run } from './connect.ts';
import { unreadTotal } from './rooms.ts';
import './styles/chat.css';
import './styles/sidebar.css';
import './styles/log.css';
import './styles/messages.css';
import './styles/composer.css';

/** Chat: rooms, and the people in them. */
export const chatScreen: Screen = {
  path: 'chat',
  label: 'Chat',
  Icon: () => <Icon name="chat" />,
  View,
  run,
  badge: { count: unreadTotal, what: 'unread' },
};

function View() {
  const id = openRoomId();
  return (
    <div class="chat" data-open={id !== null}>
      <Sidebar openId={id} />
      {id === null ? <Nothing /> : <RoomPane key={id} id={id} />}
    </div>
  );
}

function Nothing() {
  return (
    <section class="room nothing" aria-label="Room">
      <Icon name="chat" />
      <p>Choose a room, or open one by its name.</p>
    </section>
  );
}

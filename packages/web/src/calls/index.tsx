import { computed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Screen } from '../screens.tsx';
import { connection } from '../socket.ts';
import { CallLog } from './components/call-log.tsx';
import { DialForm } from './components/dial-form.tsx';
import { ElsewhereNote } from './components/elsewhere-note.tsx';
import { Icon } from './components/icons.tsx';
import { OverNote } from './components/over-note.tsx';
import { Stage } from './components/stage.tsx';
import { run } from './connect.ts';
import { readLog } from './log.ts';
import { calls, ringing } from './store.ts';
import './styles/calls.css';
import './styles/stage.css';

/** Calls between two. `#/calls/ann` has Ann's id filled in. */
export const callsScreen: Screen = {
  path: 'calls',
  label: 'Calls',
  Icon: () => <Icon name="phone" />,
  View,
  run,
  badge: { count: computed(() => (ringing.value ? 1 : 0)), what: 'call rings' },
};

function View({ rest: [userId = ''] }: { rest: readonly string[] }) {
  const { call, over, elsewhere } = calls.value;
  const live = connection.value === 'live';
  useEffect(() => {
    if (live) void readLog();
  }, [live, call === null]);
  if (call !== null && call.phase !== 'incoming') return <Stage call={call} />;
  return (
    <div class="column calls">
      <h1 class="screen-title">Calls</h1>
      {over !== null && <OverNote over={over} />}
      {elsewhere !== null && <ElsewhereNote view={elsewhere} />}
      <DialForm key={userId} userId={userId} />
      <CallLog />
    </div>
  );
}

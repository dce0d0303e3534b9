import { useEffect } from 'preact/hooks';
import { Icon } from '../bell/components/icons.tsx';
import type { Screen } from '../screens.tsx';
import { session } from '../session.ts';
import { DeviceList } from './components/device-list.tsx';
import { PreferenceForm } from './components/preference-form.tsx';
import { load, run, settings } from './store.ts';
import './styles/settings.css';

/** How one is told of things: what, where, and when not. */
export const settingsScreen: Screen = { path: 'settings', label: 'Settings', Icon: () => <Icon name="settings" />, View, run, isTool: true };

function View() {
  const signedIn = session.value.state === 'signed_in';
  useEffect(() => {
    if (signedIn) void load();
  }, [signedIn]);
  const now = settings.value;
  return (
    <div class="column settings">
      <h1 class="screen-title">Settings</h1>
      {now.at === 'loading' && <p class="hint">Reading your settings.</p>}
      {now.at === 'unread' && (
        <div class="settings-fault" role="alert">
          <p>Your settings could not be read. {now.fault}</p>
          <button type="button" onClick={() => void load()}>
            Try again
          </button>
        </div>
      )}
      {now.at === 'ready' && <PreferenceForm {...now} />}
      <DeviceList />
    </div>
  );
}

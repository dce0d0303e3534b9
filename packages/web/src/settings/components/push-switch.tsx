import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../../api.ts';
import { pushState, switchOff, switchOn, type PushState } from '../push/browser-push.ts';
import { inWords, loadDevices } from '../store.ts';

const WORDS: Record<PushState, string> = {
  unsupported: 'This browser cannot be pushed to. On an iPhone or iPad, put the page on the home screen first.',
  blocked: 'Your browser does not allow notifications of this page. Allow them in its settings for this page, then come back.',
  off: 'This browser is not pushed to.',
  on: 'This browser is pushed to, also while the page is closed.',
};

/** Pushes to this browser, on and off. */
export function PushSwitch({ publicKey }: { publicKey: string }) {
  const [state, setState] = useState<PushState | 'busy'>('busy');
  const [fault, setFault] = useState<string | null>(null);
  const settle = async (action: () => Promise<PushState>): Promise<void> => {
    setState('busy');
    setFault(null);
    try {
      setState(await action());
    } catch (error) {
      setFault(error instanceof ApiError ? inWords(error) : 'The push service of this browser does not answer. Try again later.');
      setState(await pushState());
    }
  };
  const change = async (action: () => Promise<PushState>): Promise<void> => {
    await settle(action);
    await loadDevices();
  };
  useEffect(() => void settle(pushState), []);
  return (
    <div class="push-switch" data-testid="push-switch" data-state={state}>
      <p role="status">{state === 'busy' ? 'One moment.' : WORDS[state]}</p>
      {state === 'off' && (
        <button type="button" onClick={() => void change(() => switchOn(publicKey))}>
          Push to this browser
        </button>
      )}
      {state === 'on' && (
        <button type="button" onClick={() => void change(switchOff)}>
          Stop pushing to this browser
        </button>
      )}
      <p role="alert" class="fault">
        {fault}
      </p>
    </div>
  );
}

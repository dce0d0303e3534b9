import { useState } from 'preact/hooks';
import { place } from '../connect.ts';
import type { CallType } from '../state/call.ts';
import { calls } from '../store.ts';
import { Icon } from './icons.tsx';

/** Longest id of a user. */
const LONGEST = 256;

/** Calls a user by id. */
export function DialForm({ userId }: { userId: string }) {
  const [peerId, setPeerId] = useState(userId);
  const isSelf = peerId.trim() === calls.value.me;
  const dial = (type: CallType): void => {
    if (peerId.trim() !== '' && !isSelf) void place(peerId.trim(), type);
  };
  return (
    <form
      class="dial-form"
      onSubmit={(event) => {
        event.preventDefault();
        dial('video');
      }}
    >
      <label for="peer-id">Whom to call</label>
      <div class="dial-row">
        <input
          id="peer-id"
          value={peerId}
          maxLength={LONGEST}
          required
          placeholder="Id of a user"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={isSelf}
          aria-describedby="dial-help"
          onInput={({ currentTarget }) => setPeerId(currentTarget.value)}
        />
        <button type="submit" class="primary" data-testid="call-video">
          <Icon name="camera" />
          Video call
        </button>
        <button type="button" data-testid="call-audio" onClick={() => dial('audio')}>
          <Icon name="phone" />
          Call
        </button>
      </div>
      <p id="dial-help" class="hint">
        {isSelf ? 'That is you.' : <>Your own id is <bdi class="own-id">{calls.value.me}</bdi>: others call you by it.</>}
      </p>
    </form>
  );
}

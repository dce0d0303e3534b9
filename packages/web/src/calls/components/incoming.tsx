import { useEffect, useRef } from 'preact/hooks';
import { Avatar } from '../../chat/components/avatar.tsx';
import { nameOf } from '../../chat/names.ts';
import { go } from '../../route.ts';
import { accept, hangUp } from '../connect.ts';
import type { Call, CallType } from '../state/call.ts';
import { calls } from '../store.ts';
import { stateInWords } from '../words.ts';
import { Icon } from './icons.tsx';
import { Trouble } from './trouble.tsx';

/** Somebody calls: over every screen, and before all else. */
export function Incoming({ call }: { call: Call }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);

  const answer = (type: CallType): void => {
    void accept(type);
    go('calls');
  };
  return (
    <dialog
      ref={dialog}
      class="incoming"
      aria-labelledby="incoming-name"
      aria-describedby="incoming-state"
      data-testid="incoming"
      onCancel={(event) => {
        event.preventDefault();
        hangUp(); // Escape declines.
      }}
    >
      <div class="incoming-face">
        <Avatar userId={call.peerId} />
      </div>
      <h2 id="incoming-name">
        <bdi>{nameOf(call.peerId)}</bdi>
      </h2>
      <p id="incoming-state">{stateInWords(call)}</p>
      <Trouble trouble={calls.value.trouble} />
      <div class="incoming-buttons">
        <button type="button" class="answer decline" data-testid="decline" onClick={hangUp}>
          <Icon name="hang-up" />
          Decline
        </button>
        <button
          type="button"
          class="answer"
          data-testid="accept-audio"
          aria-label={call.type === 'video' ? 'Answer without camera' : undefined}
          autofocus={call.type === 'audio'}
          onClick={() => answer('audio')}
        >
          <Icon name="phone" />
          {call.type === 'video' ? 'No camera' : 'Answer'}
        </button>
        {call.type === 'video' && (
          <button type="button" class="answer" data-testid="accept-video" autofocus onClick={() => answer('video')}>
            <Icon name="camera" />
            Answer
          </button>
        )}
      </div>
    </dialog>
  );
}

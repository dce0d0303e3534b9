import { Avatar } from '../../chat/components/avatar.tsx';
import { nameOf } from '../../chat/names.ts';
import { hangUp, toggleCamera, toggleMicrophone } from '../connect.ts';
import type { CallSession } from '../session.ts';
import type { Call } from '../state/call.ts';
import { calls, session } from '../store.ts';
import { stateInWords } from '../words.ts';
import { Duration } from './duration.tsx';
import { Icon } from './icons.tsx';
import { Picture, useStreamOf } from './picture.tsx';
import { SwitchButton } from './switch-button.tsx';
import { Trouble } from './trouble.tsx';
import { useFocus } from './use-focus.ts';

/** The call of this page: the other one large, oneself small. */
export function Stage({ call }: { call: Call }) {
  const heading = useFocus<HTMLHeadingElement>();
  const name = nameOf(call.peerId);
  const running = session.value;
  const picture = running?.video.value ?? null;
  const shown = picture !== null && call.peer.camera && call.phase === 'active';
  return (
    <section class="call-stage" aria-label={`Call with ${name}`} data-testid="call" data-phase={call.phase} data-link={call.link}>
      {shown ? <Picture stream={picture} label={`Picture of ${name}`} testId="remote-video" /> : <Face userId={call.peerId} />}
      <header class="call-header">
        <h1 ref={heading} tabIndex={-1}>
          <bdi>{name}</bdi>
        </h1>
        <p role="status" data-testid="call-state">
          {stateInWords(call)}
        </p>
        {call.activeSince !== null && <Duration since={call.activeSince} />}
        {call.phase === 'active' && !call.peer.microphone && <p class="call-note">{name} is muted.</p>}
      </header>
      {running !== null && <Own running={running} />}
      <footer class="call-controls">
        <Trouble trouble={calls.value.trouble} />
        {running !== null && <Switches running={running} />}
        <button type="button" class="round-button end" aria-label={call.phase === 'active' ? 'Hang up' : 'Cancel'} data-testid="hang-up" onClick={hangUp}>
          <Icon name="hang-up" />
        </button>
      </footer>
    </section>
  );
}

function Face({ userId }: { userId: string }) {
  return (
    <div class="call-face">
      <Avatar userId={userId} />
    </div>
  );
}

function Own({ running: { media } }: { running: CallSession }) {
  const stream = useStreamOf(media.video.value);
  if (stream === null) return null;
  return (
    <div class="call-own">
      <Picture stream={stream} label="Your own picture" mirrored testId="own-video" />
    </div>
  );
}

function Switches({ running: { media } }: { running: CallSession }) {
  return (
    <>
      <SwitchButton
        on={media.microphoneOn.value}
        label="Microphone"
        icon="microphone"
        iconOff="microphone-off"
        warnsOff
        testId="microphone"
        onClick={() => toggleMicrophone(media)}
      />
      <SwitchButton
        on={media.cameraOn.value}
        label="Camera"
        icon="camera"
        iconOff="camera-off"
        warnsOff
        testId="camera"
        onClick={() => toggleCamera(media)}
      />
    </>
  );
}

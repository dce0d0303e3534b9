import { Icon } from '../../calls/components/icons.tsx';
import { SwitchButton } from '../../calls/components/switch-button.tsx';
import { Trouble } from '../../calls/components/trouble.tsx';
import { useFocus } from '../../calls/components/use-focus.ts';
import { leave, toggleCamera, toggleMicrophone, toggleScreen } from '../connect.ts';
import type { HuddleSession } from '../session.ts';
import type { Huddle } from '../state/huddle.ts';
import { huddles, session } from '../store.ts';
import { countInWords, huddleName } from '../words.ts';
import { OwnTile, PeerTile } from './tile.tsx';

/** Phones cannot. */
const CAN_SHARE = window.isSecureContext && 'getDisplayMedia' in navigator.mediaDevices;

/** The huddle that this page is in. */
export function Room({ huddle }: { huddle: Huddle }) {
  const heading = useFocus<HTMLHeadingElement>();
  const running = session.value;
  const count = huddle.others.length + 1;
  return (
    <section class="huddle-room" aria-label="Huddle" data-testid="huddle" data-phase={huddle.phase} data-away={huddle.away}>
      <header class="huddle-header">
        <h1 ref={heading} tabIndex={-1}>
          <bdi>{huddleName(huddle.view?.name ?? null, [])}</bdi>
        </h1>
        <p role="status">{stateInWords(huddle, count)}</p>
      </header>
      <ul class="tiles" data-count={Math.min(count, 5)}>
        {running !== null && <OwnTile userId={huddle.me} session={running} />}
        {running !== null &&
          huddle.others.map((participant) => (
            <PeerTile key={participant.ref} participant={participant} session={running} link={huddle.links[participant.ref] ?? 'connecting'} />
          ))}
      </ul>
      <footer class="huddle-controls">
        <Trouble trouble={huddles.value.trouble} />
        {running !== null && <Switches running={running} />}
        <button type="button" class="round-button end" aria-label="Leave the huddle" title="Leave the huddle" data-testid="leave-huddle" onClick={leave}>
          <Icon name="leave" />
        </button>
        {running !== null && huddle.view?.createdBy === huddle.me && (
          <button type="button" class="end-for-all" data-testid="end-huddle" onClick={() => void running.end()}>
            End for all
          </button>
        )}
      </footer>
    </section>
  );
}

function stateInWords({ phase, away, view }: Huddle, count: number): string {
  if (phase === 'joining') return 'Joining …';
  if (away) return 'The connection is lost. Trying to come back …';
  return countInWords(count, view?.maxParticipants ?? count);
}

function Switches({ running: { media, hand } }: { running: HuddleSession }) {
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
      <SwitchButton on={media.cameraOn.value} label="Camera" icon="camera" iconOff="camera-off" warnsOff testId="camera" onClick={() => toggleCamera(media)} />
      {CAN_SHARE && <SwitchButton on={media.screenOn.value} label="Share the screen" icon="screen" testId="screen" onClick={() => toggleScreen(media)} />}
      <SwitchButton
        on={hand.value}
        label="Raise the hand"
        icon="hand"
        testId="raise-hand"
        onClick={() => {
          hand.value = !hand.peek();
        }}
      />
    </>
  );
}

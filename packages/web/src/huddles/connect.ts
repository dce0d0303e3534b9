import { effect } from '@preact/signals';
import type { Answer } from '../ask.ts';
import type { DeviceTrouble } from '../calls/rtc/device-trouble.ts';
import { LocalMedia } from '../calls/rtc/local-media.ts';
import { Lobby } from '../lobby.ts';
import type { Live } from '../socket.ts';
import { forgetList } from './list.ts';
import { HuddleSession } from './session.ts';
import { noHuddles } from './state/huddle.ts';
import { dispatch, huddles, session } from './store.ts';

/** Each browser encodes its picture once for every other one. */
const PICTURE = { width: 640, height: 360, frameRate: 20 };

let live: Live | null = null;
let lobby: Lobby | null = null;
let turn = 0;

/** Keeps the huddle that was joined, whichever screen is shown. Returns what ends it. */
export function run(signedIn: Live): () => void {
  live = signedIn;
  huddles.value = noHuddles(signedIn.userId);
  lobby = new Lobby(signedIn.socket, 'huddle:lobby');
  const stopWatching = effect(() => {
    if (huddles.value.huddle === null) release();
  });
  window.addEventListener('beforeunload', warnOfHuddle);
  return () => {
    window.removeEventListener('beforeunload', warnOfHuddle);
    stopWatching();
    release();
    lobby?.leave();
    lobby = null;
    live = null;
    huddles.value = noHuddles('');
    forgetList();
  };
}

/** Makes a huddle. */
export function create(wish: { name: string | null; maxParticipants: number }): Promise<Answer<{ huddleId: string }>> {
  return lobby === null ? Promise.resolve({ ok: false, refusal: { reason: 'network' } }) : lobby.ask('huddle:create', wish);
}

/** Joins a huddle, and leaves the one before. A device that cannot be used keeps nobody out. */
export async function join(id: string, { microphone, camera }: { microphone: boolean; camera: boolean }): Promise<void> {
  if (live === null) return;
  leave();
  dispatch({ type: 'joining', id });
  const mine = (turn += 1);
  const media = new LocalMedia(PICTURE);
  const deaf = microphone ? await media.unmute() : null;
  const blind = camera ? await media.startCamera() : null;
  if (live === null || turn !== mine || huddles.peek().huddle?.id !== id) {
    media.close();
    return;
  }
  if (deaf !== null || blind !== null) dispatch({ type: 'trouble', trouble: deaf ?? blind });
  session.value = new HuddleSession({ live, id, media, dispatch, state: () => huddles.peek() });
}

export function leave(): void {
  if (huddles.peek().huddle === null) return;
  const running = session.peek();
  session.value = null; // It lets go of all by itself.
  if (running !== null) void running.leave();
  dispatch({ type: 'over', why: { left: 'left' } });
}

export function toggleMicrophone(media: LocalMedia): void {
  if (media.microphoneOn.peek()) media.mute();
  else void report(media.unmute());
}

export function toggleCamera(media: LocalMedia): void {
  if (media.cameraOn.peek()) media.stopCamera();
  else void report(media.startCamera());
}

export function toggleScreen(media: LocalMedia): void {
  if (media.screenOn.peek()) media.stopScreen();
  else void report(media.startScreen());
}

async function report(opening: Promise<DeviceTrouble | null>): Promise<void> {
  dispatch({ type: 'trouble', trouble: await opening });
}

function release(): void {
  turn += 1;
  session.peek()?.close();
  session.value = null;
}

function warnOfHuddle(event: BeforeUnloadEvent): void {
  if (session.peek() !== null) event.preventDefault();
}

import { effect } from '@preact/signals';
import { ask } from '../ask.ts';
import { Lobby } from '../lobby.ts';
import type { Live } from '../socket.ts';
import { forgetLog } from './log.ts';
import { Ringer } from './ringer.ts';
import { DEVICE_ID } from './rtc/device-id.ts';
import { LocalMedia } from './rtc/local-media.ts';
import { CallSession } from './session.ts';
import { noCalls, type CallEnded, type CallType, type CallView, type IncomingCall, type Role } from './state/call.ts';
import { calls, dispatch, ringing, session } from './store.ts';

const PICTURE = { width: 1280, height: 720, frameRate: 30 };

let live: Live | null = null;
let lobby: Lobby | null = null;
/** Counts the calls of this page: who waited for a device or an answer knows whether his is still the one. */
let turn = 0;

/** Waits for calls, whichever screen is shown. Returns what ends it. */
export function run(signedIn: Live): () => void {
  live = signedIn;
  calls.value = noCalls(signedIn.userId);
  const { socket, user } = signedIn;
  lobby = new Lobby(socket, 'webrtc:lobby', {
    params: { deviceId: DEVICE_ID },
    onJoined: (reply) => dispatch({ type: 'current', view: (reply as { call: CallView | null }).call }),
  });
  const heard = [
    ['call:incoming', user.on('call:incoming', (call: IncomingCall) => dispatch({ type: 'incoming', call }))],
    ['call:ended', user.on('call:ended', (ended: CallEnded) => dispatch({ type: 'ended', ended, now: Date.now() }))],
  ] as const;
  const ends = [
    effect(() => (ringing.value ? ringOut() : undefined)),
    effect(() => {
      if (calls.value.call === null) release();
    }),
  ];
  window.addEventListener('beforeunload', warnOfCall);
  return () => {
    window.removeEventListener('beforeunload', warnOfCall);
    for (const end of ends) end();
    for (const [event, ref] of heard) user.off(event, ref);
    release();
    lobby?.leave();
    lobby = null;
    live = null;
    calls.value = noCalls('');
    forgetLog();
  };
}

/** Calls somebody. Says why when it cannot be. */
export async function place(peerId: string, type: CallType): Promise<void> {
  if (live === null || lobby === null || calls.peek().call !== null || peerId === live.userId) return;
  dispatch({ type: 'placed', peerId, callType: type });
  const mine = (turn += 1);
  const media = await openDevices(type, mine);
  if (media === null) return;
  const answer = await lobby.ask<{ callId: string; role: Role }>('call:initiate', { calleeId: peerId, type });
  if (!answer.ok) {
    media.close();
    if (isCurrent(mine)) dispatch({ type: 'refused', refusal: answer.refusal, now: Date.now() });
    return;
  }
  if (isCurrent(mine)) dispatch({ type: 'named', ...answer.reply });
  enter(answer.reply.callId, media, mine);
}

/** Takes the call that rings here. Without a microphone it rings on. */
export async function accept(type: CallType): Promise<void> {
  const callId = calls.peek().call?.callId;
  if (!ringing.peek() || callId === undefined || callId === null) return;
  dispatch({ type: 'answering' });
  const mine = (turn += 1);
  const media = await openDevices(type, mine);
  if (media !== null) enter(callId, media, mine);
}

/** Goes on here with a call that another device of this user had, or this page before it was loaded anew. */
export async function takeUp({ callId, type, role, callerId, calleeId }: CallView): Promise<void> {
  if (calls.peek().call !== null) return;
  dispatch({ type: 'placed', peerId: role === 'caller' ? calleeId : callerId, callType: type });
  dispatch({ type: 'named', callId, role });
  const mine = (turn += 1);
  const media = await openDevices(type, mine);
  if (media !== null) enter(callId, media, mine);
}

/** Hangs up, cancels, or declines, whichever it is. A call that the server has not named yet is cancelled as soon as it is. */
export function hangUp(): void {
  const { call } = calls.peek();
  if (call === null) return;
  const running = session.peek();
  session.value = null; // It lets go of all by itself.
  if (running !== null) void running.hangUp();
  else if (call.callId !== null) decline(call.callId);
  dispatch({ type: 'left', now: Date.now() });
}

export function toggleMicrophone(media: LocalMedia): void {
  if (media.microphoneOn.peek()) media.mute();
  else void media.unmute().then((trouble) => dispatch({ type: 'trouble', trouble }));
}

export function toggleCamera(media: LocalMedia): void {
  if (media.cameraOn.peek()) media.stopCamera();
  else void media.startCamera().then((trouble) => dispatch({ type: 'trouble', trouble }));
}

/** Null when there is no microphone, or nobody wants it any more. Without a camera it is a call without a picture. */
async function openDevices(type: CallType, mine: number): Promise<LocalMedia | null> {
  const media = new LocalMedia(PICTURE);
  const deaf = await media.unmute();
  const blind = deaf === null && type === 'video' ? await media.startCamera() : null;
  const trouble = deaf ?? blind;
  if (!isCurrent(mine)) {
    media.close();
    return null;
  }
  if (trouble !== null) dispatch({ type: 'trouble', trouble });
  if (deaf === null) return media;
  media.close();
  if (calls.peek().call?.role === 'caller') dispatch({ type: 'refused', refusal: { reason: 'no_microphone' }, now: Date.now() });
  return null;
}

function enter(callId: string, media: LocalMedia, mine: number): void {
  if (live === null || !isCurrent(mine)) {
    media.close();
    if (live !== null) decline(callId);
    return;
  }
  session.value = new CallSession({ live, callId, media, dispatch });
}

/** Says no to a call that this page has not joined. */
function decline(callId: string): void {
  const channel = live?.socket.channel(`webrtc:${callId}`, { deviceId: DEVICE_ID });
  channel
    ?.join()
    .receive('ok', () => void ask(channel, 'call:end', { callId }).then(() => channel.leave()))
    .receive('error', () => channel.leave()); // It is over.
}

function isCurrent(mine: number): boolean {
  return turn === mine && calls.peek().call !== null;
}

function release(): void {
  turn += 1;
  session.peek()?.close();
  session.value = null;
}

function ringOut(): () => void {
  const ringer = new Ringer();
  return () => ringer.stop();
}

function warnOfCall(event: BeforeUnloadEvent): void {
  if (session.peek() !== null) event.preventDefault();
}

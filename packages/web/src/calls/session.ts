import { computed, effect, signal } from '@preact/signals';
import type { Channel } from 'phoenix';
import { ask, refusalOf, type Refusal } from '../ask.ts';
import type { Live } from '../socket.ts';
import { DEVICE_ID } from './rtc/device-id.ts';
import type { LocalMedia } from './rtc/local-media.ts';
import { PeerLink } from './rtc/peer-link.ts';
import { SIGNALS, type Signal } from './rtc/signals.ts';
import { Speaker } from './rtc/speaker.ts';
import type { CallEnded, CallEvent, CallView } from './state/call.ts';

/** Refusals of a join that another try does not change. */
const FINAL = new Set(['not_found', 'forbidden', 'call_ended', 'answered_elsewhere', 'unauthorized', 'invalid_payload']);

type JoinReply = CallView & { iceServers: RTCIceServer[] };

/**
 * One call of this page: its channel `webrtc:<id>`, its devices, and the connection to the peer. The caller offers. A lost
 * socket changes nothing between the two; the channel is joined again by itself, within the grace that the server gives.
 */
export class CallSession {
  readonly callId: string;
  readonly media: LocalMedia;
  readonly #channel: Channel;
  readonly #dispatch: (event: CallEvent) => void;
  readonly #link = signal<PeerLink | null>(null);
  readonly #ends: (() => void)[];
  #joinReply: JoinReply | null = null;
  #closed = false;

  /** The picture of the peer, once there is a connection that may bring one. */
  readonly video = computed(() => this.#link.value?.video ?? null);

  constructor({ live, callId, media, dispatch }: { live: Live; callId: string; media: LocalMedia; dispatch: (event: CallEvent) => void }) {
    this.callId = callId;
    this.media = media;
    this.#dispatch = dispatch;
    this.#channel = live.socket.channel(`webrtc:${callId}`, { deviceId: DEVICE_ID });
    this.#listen();
    this.#channel
      .join()
      .receive('ok', (reply: JoinReply) => this.#joined(reply))
      .receive('error', (error?: unknown) => this.#refused(refusalOf(error)));
    this.#ends = [
      effect(() => this.#link.value?.setTrack('audio', media.audio.value)),
      effect(() => this.#link.value?.setTrack('video', media.video.value)),
      effect(() => this.#link.value?.setStatus({ microphone: media.microphoneOn.value, camera: media.cameraOn.value })),
      effect(() => {
        const link = this.#link.value;
        if (link === null) return undefined;
        const speaker = new Speaker(link.audio);
        return () => speaker.stop();
      }),
    ];
  }

  /** Ends the call for both. Devices and connection are let go at once. */
  async hangUp(): Promise<void> {
    this.#release();
    await ask(this.#channel, 'call:end', { callId: this.callId });
    this.#channel.leave();
  }

  /** Lets go of all that the call had. */
  close(): void {
    if (this.#closed) return;
    this.#release();
    this.#channel.leave();
  }

  #release(): void {
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#link.peek()?.close();
    this.#link.value = null;
    this.media.close();
  }

  #listen(): void {
    const channel = this.#channel;
    channel.on('call:answered', () => {
      this.#dispatch({ type: 'answered', now: Date.now() });
      this.#connect();
    });
    channel.on('call:ended', (ended: CallEnded) => this.#dispatch({ type: 'ended', ended, now: Date.now() }));
    channel.on('call:reconnecting', () => this.#dispatch({ type: 'peer_away', away: true }));
    channel.on('call:reconnected', ({ fresh }: { fresh: boolean }) => {
      this.#dispatch({ type: 'peer_away', away: false });
      if (fresh) this.#connectAnew();
      else this.#link.peek()?.refresh();
    });
    for (const event of SIGNALS) channel.on(event, (payload: Signal) => this.#link.peek()?.receive(event, payload));
    channel.onError(() => this.#dispatch({ type: 'away' }));
    channel.onClose(() => {
      if (!this.#closed) this.#dispatch({ type: 'refused', refusal: { reason: 'closed' }, now: Date.now() });
    });
  }

  /** At first, and whenever the connection to the server is found again. */
  #joined(reply: JoinReply): void {
    if (this.#closed) return;
    this.#joinReply = reply;
    this.#dispatch({ type: 'joined', view: reply, now: Date.now() });
    if (reply.role === 'callee') {
      this.#connect(); // The offer may come before the answer to our answer.
      if (reply.state === 'ringing') void this.#answer();
    }
    if (reply.state !== 'active') return;
    this.#connect();
    this.#link.peek()?.refresh();
  }

  async #answer(): Promise<void> {
    const answer = await ask(this.#channel, 'call:answer', { callId: this.callId });
    if (answer.ok) this.#dispatch({ type: 'answered', now: Date.now() });
    else if (answer.refusal.reason !== 'network') this.#dispatch({ type: 'refused', refusal: answer.refusal, now: Date.now() });
  }

  #refused(refusal: Refusal): void {
    if (FINAL.has(refusal.reason)) this.#dispatch({ type: 'refused', refusal, now: Date.now() });
  }

  #connect(): void {
    if (this.#link.peek() === null) this.#connectAnew();
  }

  /** Also when the peer goes on with another device, or loaded its page anew. */
  #connectAnew(): void {
    if (this.#closed || this.#joinReply === null) return;
    this.#link.peek()?.close();
    const link: PeerLink = new PeerLink({
      iceServers: this.#joinReply.iceServers,
      offers: this.#joinReply.role === 'caller',
      send: (event, payload) => ask(this.#channel, event, payload),
      onState: (state) => this.#link.peek() === link && this.#dispatch({ type: 'link', state }),
      onStatus: (status) => this.#link.peek() === link && this.#dispatch({ type: 'peer_status', status }),
    });
    this.#dispatch({ type: 'link', state: 'connecting' });
    this.#link.value = link; // Its tracks are set by this, before it offers them.
    link.start();
  }
}

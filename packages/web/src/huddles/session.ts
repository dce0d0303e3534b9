import { computed, effect, signal } from '@preact/signals';
import type { Channel } from 'phoenix';
import { ask, refusalOf, type Refusal } from '../ask.ts';
import { DEVICE_ID } from '../calls/rtc/device-id.ts';
import type { LocalMedia } from '../calls/rtc/local-media.ts';
import type { PeerLink } from '../calls/rtc/peer-link.ts';
import { SIGNALS } from '../calls/rtc/signals.ts';
import type { Live } from '../socket.ts';
import { Mesh, type MeshSignal } from './mesh.ts';
import type { HuddleEvent, Huddles, JoinReply, Participant } from './state/huddle.ts';

/** Refusals of a join that are final, or that somebody has to decide about. */
const FINAL = new Set(['not_found', 'forbidden', 'huddle_full', 'huddle_ended', 'unauthorized', 'invalid_payload']);

/** What the others see switched on here, and the event that tells them. */
const TOGGLES = {
  audio: { event: 'huddle:toggle-audio', payload: (enabled: boolean) => ({ enabled }) },
  video: { event: 'huddle:toggle-video', payload: (enabled: boolean) => ({ enabled }) },
  screen: { event: 'huddle:toggle-screen', payload: (enabled: boolean) => ({ enabled }) },
  hand: { event: 'huddle:raise-hand', payload: (raised: boolean) => ({ raised }) },
} as const;
type Toggle = keyof typeof TOGGLES;

type Reply = JoinReply & { iceServers: RTCIceServer[] };

interface SessionOptions {
  live: Live;
  id: string;
  media: LocalMedia;
  dispatch: (event: HuddleEvent) => void;
  state: () => Huddles;
}

/** The huddle that this page is in: its channel `huddle:<id>`, its devices, and the connections to all others. */
export class HuddleSession {
  readonly id: string;
  readonly media: LocalMedia;
  readonly hand = signal(false);
  readonly #me: string;
  readonly #channel: Channel;
  readonly #dispatch: (event: HuddleEvent) => void;
  readonly #state: () => Huddles;
  readonly #mesh = signal<Mesh | null>(null);
  readonly #stopTelling: () => void;
  /** What the server knows to be on; null while it is not joined. */
  #told: Record<Toggle, boolean> | null = null;
  #closed = false;

  /** By `ref` of the participant. */
  readonly links = computed<ReadonlyMap<string, PeerLink>>(() => this.#mesh.value?.links.value ?? new Map());

  constructor({ live, id, media, dispatch, state }: SessionOptions) {
    this.id = id;
    this.media = media;
    this.#me = live.userId;
    this.#dispatch = dispatch;
    this.#state = state;
    this.#channel = live.socket.channel(`huddle:${id}`, () => {
      const { audio, video } = this.#toggles();
      return { deviceId: DEVICE_ID, audio, video };
    });
    this.#listen();
    this.#stopTelling = effect(() => this.#tell(this.#toggles()));
    this.#channel
      .join()
      .receive('ok', (reply: Reply) => this.#joined(reply))
      .receive('error', (error?: unknown) => this.#refused(refusalOf(error)));
  }

  /** Gives the place up. Devices and connections are let go at once. */
  async leave(): Promise<void> {
    this.#release();
    await ask(this.#channel, 'huddle:leave');
    this.#channel.leave();
  }

  /** Ends it for all. Null when it worked. */
  async end(): Promise<Refusal | null> {
    const answer = await ask(this.#channel, 'huddle:end');
    return answer.ok ? null : answer.refusal;
  }

  close(): void {
    if (this.#closed) return;
    this.#release();
    this.#channel.leave();
  }

  #release(): void {
    this.#closed = true;
    this.#stopTelling();
    this.#mesh.peek()?.close();
    this.#mesh.value = null;
    this.media.close();
  }

  #listen(): void {
    const channel = this.#channel;
    channel.on('huddle:participant:joined', ({ participant }: { participant: Participant }) => this.#apply({ type: 'came', participant }));
    channel.on('huddle:participant:updated', ({ participant }: { participant: Participant }) => this.#apply({ type: 'changed', participant }));
    channel.on('huddle:participant:left', ({ ref }: { ref: string }) => this.#apply({ type: 'went', ref }));
    channel.on('huddle:left', ({ reason }: { reason: 'elsewhere' | 'removed' }) => this.#over({ left: reason }));
    channel.on('huddle:ended', () => this.#over({ left: 'ended' }));
    for (const event of SIGNALS) channel.on(event, (payload: MeshSignal & { from: string }) => this.#mesh.peek()?.receive(event, payload));
    channel.onError(() => {
      this.#told = null;
      this.#dispatch({ type: 'away' });
    });
    channel.onClose(() => this.#over({ refused: { reason: 'closed' } }));
  }

  /** At first, and whenever the connection to the server is found again. */
  #joined(reply: Reply): void {
    if (this.#closed) return;
    const own = reply.participants.find(({ userId }) => userId === this.#me);
    if (own === undefined) return this.#over({ refused: { reason: 'closed' } });
    const before = this.#mesh.peek();
    const isSame = before?.ref === own.ref;
    if (!isSame) {
      before?.close(); // The place was lost meanwhile: the others connect to the new one.
      this.#mesh.value = this.#newMesh(own.ref, reply);
    }
    this.#apply({ type: 'joined', reply });
    if (isSame) before.refresh();
    const { audio, video, screen, hand } = own;
    this.#told = { audio, video, screen, hand };
    this.#tell(this.#toggles());
  }

  #newMesh(ref: string, { huddle, iceServers }: Reply): Mesh {
    return new Mesh({
      ref,
      limit: huddle.maxParticipants,
      iceServers,
      media: this.media,
      sendTo: (to, event, payload) => ask(this.#channel, event, { ...payload, to }),
      onLink: (of, state) => this.#dispatch({ type: 'link', ref: of, state }),
    });
  }

  #refused(refusal: Refusal): void {
    if (FINAL.has(refusal.reason)) this.#over({ refused: refusal });
  }

  #over(why: Extract<HuddleEvent, { type: 'over' }>['why']): void {
    if (!this.#closed) this.#dispatch({ type: 'over', why });
  }

  #apply(event: HuddleEvent): void {
    this.#dispatch(event);
    const { huddle } = this.#state();
    if (huddle !== null) this.#mesh.peek()?.sync(huddle.others, huddle.earlier);
  }

  #toggles(): Record<Toggle, boolean> {
    const { microphoneOn, cameraOn, screenOn } = this.media;
    return { audio: microphoneOn.value, video: cameraOn.value, screen: screenOn.value, hand: this.hand.value };
  }

  /** Tells what has changed; what a device did by itself as well. After a join all that the server does not know. */
  #tell(now: Record<Toggle, boolean>): void {
    if (this.#told === null) return;
    for (const [name, { event, payload }] of Object.entries(TOGGLES) as [Toggle, (typeof TOGGLES)[Toggle]][]) {
      if (this.#told[name] === now[name]) continue;
      this.#told[name] = now[name];
      void ask(this.#channel, event, payload(now[name])).then((answer) => {
        if (!answer.ok && answer.refusal.reason !== 'network') console.warn(`${event} was refused: ${answer.refusal.reason}`);
      });
    }
  }
}

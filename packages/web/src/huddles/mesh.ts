import { effect, signal } from '@preact/signals';
import type { LocalMedia } from '../calls/rtc/local-media.ts';
import { PeerLink, type LinkState } from '../calls/rtc/peer-link.ts';
import type { SendSignal, Signal, SignalEvent } from '../calls/rtc/signals.ts';
import { Speaker } from '../calls/rtc/speaker.ts';
import type { Participant } from './state/huddle.ts';

/** A signal between two places in a huddle: the server names the user alone, who may have another place by now. */
export interface MeshSignal extends Signal {
  /** The place of the sender, and the one it is meant for. */
  ref?: string;
  toRef?: string;
}

export interface MeshOptions {
  /** One's own place. */
  ref: string;
  /** Most participants of the huddle, oneself included. */
  limit: number;
  iceServers: RTCIceServer[];
  media: LocalMedia;
  sendTo: (userId: string, ...signal: Parameters<SendSignal>) => ReturnType<SendSignal>;
  onLink: (ref: string, state: LinkState) => void;
}

type Received = MeshSignal & { from: string };

interface Peer {
  userId: string;
  connected: boolean;
  link: PeerLink;
  end(): void;
}

/** Signals of a user that is not known to be here yet, and of how many. */
const MOST_EARLY = 100;
const MOST_UNKNOWN = 20;

/** Connections to all others of a huddle, one each. Of two the one who joined later offers. */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #peers = new Map<string, Peer>();
  /** By user. */
  readonly #early = new Map<string, { event: SignalEvent; payload: Received }[]>();
  /** By `ref`. */
  readonly links = signal<ReadonlyMap<string, PeerLink>>(new Map());

  constructor(options: MeshOptions) {
    this.#options = options;
  }

  /** Whose place the connections are from. */
  get ref(): string {
    return this.#options.ref;
  }

  /**
   * Connects to who came, lets go of who went, and looks after who is back.
   * @param earlier `ref`s of those who were there before oneself
   */
  sync(others: readonly Participant[], earlier: readonly string[]): void {
    const present = new Set(others.map(({ ref }) => ref));
    for (const [ref, peer] of this.#peers) if (!present.has(ref)) this.#drop(ref, peer);
    for (const participant of others) {
      const peer = this.#peers.get(participant.ref);
      if (peer === undefined) this.#connect(participant, earlier.includes(participant.ref));
      else if (participant.connected && !peer.connected) peer.link.refresh();
      if (peer !== undefined) peer.connected = participant.connected;
    }
    this.links.value = new Map([...this.#peers].map(([ref, { link }]) => [ref, link]));
  }

  /** One's own socket is back: signals may be lost. */
  refresh(): void {
    for (const { link } of this.#peers.values()) link.refresh();
  }

  receive(event: SignalEvent, payload: Received): void {
    if ((payload.toRef ?? this.ref) !== this.ref) return;
    const known = [...this.#peers].find(([ref, { userId }]) => userId === payload.from && isOf(ref, payload));
    if (known === undefined) this.#keep(event, payload);
    else known[1].link.receive(event, payload);
  }

  close(): void {
    for (const [ref, peer] of this.#peers) this.#drop(ref, peer);
    this.links.value = new Map();
  }

  #connect({ ref, userId, connected }: Participant, offers: boolean): void {
    const { limit, iceServers, media, sendTo, onLink } = this.#options;
    if (this.#peers.size >= limit - 1) return;
    const link = new PeerLink({
      iceServers,
      offers,
      send: (event, payload) => sendTo(userId, event, { ...payload, ref: this.ref, toRef: ref } as MeshSignal),
      onState: (state) => onLink(ref, state),
    });
    const speaker = new Speaker(link.audio);
    const ends = [effect(() => link.setTrack('audio', media.audio.value)), effect(() => link.setTrack('video', media.video.value))];
    this.#peers.set(ref, {
      userId,
      connected,
      link,
      end() {
        for (const end of ends) end();
        speaker.stop();
        link.close();
      },
    });
    onLink(ref, 'connecting');
    link.start();
    for (const { event, payload } of this.#early.get(userId) ?? []) if (isOf(ref, payload)) link.receive(event, payload);
    this.#early.delete(userId);
  }

  #drop(ref: string, peer: Peer): void {
    peer.end();
    this.#peers.delete(ref);
  }

  /** An offer may be here before the news of who makes it. */
  #keep(event: SignalEvent, payload: Received): void {
    const kept = this.#early.get(payload.from) ?? [];
    if (kept.length >= MOST_EARLY || (kept.length === 0 && this.#early.size >= MOST_UNKNOWN)) return;
    this.#early.set(payload.from, [...kept, { event, payload }]);
  }
}

/** Other clients may not say which place a signal is from. */
function isOf(ref: string, payload: Received): boolean {
  return (payload.ref ?? ref) === ref;
}

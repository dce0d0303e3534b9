import { sendSignal, type SendSignal, type Signal, type SignalEvent } from './signals.ts';
import { StatusChannel, type PeerStatus } from './status-channel.ts';

/** `connecting` until it was connected once. */
export type LinkState = 'connecting' | 'connected' | 'interrupted';

export interface PeerLinkOptions {
  iceServers: RTCIceServer[];
  /** Whether this side offers. The other one only answers, so offers never cross. */
  offers: boolean;
  send: SendSignal;
  onState: (state: LinkState) => void;
  /** Both sides have it or neither: tells what the other one shows of itself. */
  onStatus?: (status: PeerStatus) => void;
}

type Kind = 'audio' | 'video';

/** Candidates that wait for the description they belong to. */
const MOST_WAITING = 200;
/** New starts in a row that do not lead to a connection. */
const MOST_RESTARTS = 5;

/**
 * The connection to one peer: one sound and one picture in each direction, there from the first offer on. What is sent is
 * changed by replacing tracks, so nothing is ever negotiated again but the way itself, when it was lost.
 */
export class PeerLink {
  /** What comes from the peer. */
  readonly audio = new MediaStream();
  readonly video = new MediaStream();
  readonly #options: PeerLinkOptions;
  readonly #connection: RTCPeerConnection;
  readonly #status: StatusChannel | null;
  readonly #senders = new Map<Kind, RTCRtpSender>();
  readonly #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  #waiting: RTCIceCandidateInit[] = [];
  #steps: Promise<void> = Promise.resolve();
  #round = 0;
  #restarts = 0;
  #wasConnected = false;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.#connection = new RTCPeerConnection({ iceServers: options.iceServers });
    this.#status = options.onStatus === undefined ? null : new StatusChannel(this.#connection, options.onStatus);
    this.#connection.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate !== null) void sendSignal(options.send, 'webrtc:ice-candidate', { candidate: candidate.toJSON() });
    });
    this.#connection.addEventListener('track', ({ track }) => this[track.kind as Kind].addTrack(track));
    this.#connection.addEventListener('connectionstatechange', () => this.#changed());
  }

  /** What the peer gets from now on; null for nothing. */
  setTrack(kind: Kind, track: MediaStreamTrack | null): void {
    if (this.#tracks[kind] === track) return;
    this.#tracks[kind] = track;
    this.#step(async () => this.#senders.get(kind)?.replaceTrack(this.#tracks[kind]));
  }

  setStatus(status: PeerStatus): void {
    this.#status?.set(status);
  }

  /** Begins, on the side that offers. */
  start(): void {
    if (!this.#options.offers) return;
    this.#step(async () => {
      for (const kind of ['audio', 'video'] as const) await this.#adopt(kind, this.#connection.addTransceiver(kind));
      await this.#offer();
    });
  }

  /** One of the two was away from the server: signals may be lost. Looks for a new way, unless there is one. */
  refresh(): void {
    if (this.#options.offers && this.#connection.connectionState !== 'connected') this.#step(() => this.#offer({ iceRestart: true }));
  }

  receive(event: SignalEvent, { description, candidate, round }: Signal): void {
    if (event === 'webrtc:ice-candidate') {
      if (candidate !== undefined) this.#step(() => this.#addCandidate(candidate));
    } else if (description !== undefined && (event === 'webrtc:offer') !== this.#options.offers) {
      this.#step(() => (event === 'webrtc:offer' ? this.#answer(description, round) : this.#accept(description, round)));
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #offer(options?: RTCOfferOptions): Promise<void> {
    this.#round += 1;
    await this.#connection.setLocalDescription(await this.#connection.createOffer(options));
    await this.#send('webrtc:offer', this.#round);
  }

  async #answer(offer: RTCSessionDescriptionInit, round: number | undefined): Promise<void> {
    await this.#connection.setRemoteDescription(offer);
    for (const transceiver of this.#connection.getTransceivers()) {
      const kind = transceiver.receiver.track.kind as Kind;
      if (!this.#senders.has(kind)) await this.#adopt(kind, transceiver);
    }
    await this.#addWaiting();
    await this.#connection.setLocalDescription();
    await this.#send('webrtc:answer', round);
  }

  async #accept(answer: RTCSessionDescriptionInit, round = this.#round): Promise<void> {
    if (round !== this.#round || this.#connection.signalingState !== 'have-local-offer') return;
    await this.#connection.setRemoteDescription(answer);
    await this.#addWaiting();
  }

  /** The answer of the server is not waited for: what comes next need not wait. */
  async #send(event: SignalEvent, round: number | undefined): Promise<void> {
    const description = this.#connection.localDescription?.toJSON() as RTCSessionDescriptionInit;
    void sendSignal(this.#options.send, event, { description, ...(round === undefined ? {} : { round }) });
  }

  async #adopt(kind: Kind, transceiver: RTCRtpTransceiver): Promise<void> {
    transceiver.direction = 'sendrecv';
    this.#senders.set(kind, transceiver.sender);
    await transceiver.sender.replaceTrack(this.#tracks[kind]);
  }

  async #addCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (this.#connection.remoteDescription === null) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(candidate);
      return;
    }
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch (error) {
      // One that belongs to an earlier description fits nothing any more, and others will do.
      console.warn('A candidate does not fit.', error);
    }
  }

  async #addWaiting(): Promise<void> {
    for (const candidate of this.#waiting.splice(0)) await this.#addCandidate(candidate);
  }

  #changed(): void {
    const { connectionState } = this.#connection;
    if (connectionState === 'connected') {
      this.#wasConnected = true;
      this.#restarts = 0;
      this.#options.onState('connected');
    } else if (connectionState === 'disconnected' || connectionState === 'failed') {
      this.#options.onState(this.#wasConnected || connectionState === 'failed' ? 'interrupted' : 'connecting');
      if (connectionState === 'failed' && this.#restarts++ < MOST_RESTARTS) this.refresh();
    }
  }

  /** One step after the other: descriptions and candidates make sense only in their order. */
  #step(work: () => Promise<void>): void {
    this.#steps = this.#steps.then(async () => {
      if (this.#connection.signalingState === 'closed') return;
      try {
        await work();
      } catch (error) {
        if ((this.#connection.signalingState as RTCSignalingState) !== 'closed') console.warn('A step towards the peer failed.', error);
      }
    });
  }
}

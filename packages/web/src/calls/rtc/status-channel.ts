/** What a peer shows of itself. */
export interface PeerStatus {
  microphone: boolean;
  camera: boolean;
}

/** Tells the peer, past the server, what is switched on: whether a picture stands still or is none cannot be seen from here. */
export class StatusChannel {
  readonly #channel: RTCDataChannel;
  #status: PeerStatus | null = null;

  constructor(connection: RTCPeerConnection, onStatus: (status: PeerStatus) => void) {
    this.#channel = connection.createDataChannel('status', { negotiated: true, id: 0 });
    this.#channel.addEventListener('open', () => this.#send());
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const status = statusOf(data);
      if (status !== null) onStatus(status);
    });
  }

  set(status: PeerStatus): void {
    this.#status = status;
    this.#send();
  }

  #send(): void {
    if (this.#status !== null && this.#channel.readyState === 'open') this.#channel.send(JSON.stringify(this.#status));
  }
}

/** What a peer wrote; null when it is something else. */
function statusOf(data: unknown): PeerStatus | null {
  if (typeof data !== 'string' || data.length > 1_000) return null;
  try {
    const { microphone, camera } = JSON.parse(data) as Partial<Record<keyof PeerStatus, unknown>>;
    return typeof microphone === 'boolean' && typeof camera === 'boolean' ? { microphone, camera } : null;
  } catch {
    return null;
  }
}

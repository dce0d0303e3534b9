import { computed, signal, type Signal } from '@preact/signals';
import { troubleOf, type Device, type DeviceTrouble } from './device-trouble.ts';

/** How large a picture is asked of the camera. */
export interface Picture {
  width: number;
  height: number;
  frameRate: number;
}

/** The devices that one call or huddle has open. Once closed none of them stays on, not even one that was just being opened. */
export class LocalMedia {
  readonly #picture: Picture;
  readonly #microphone = signal<MediaStreamTrack | null>(null);
  readonly #camera = signal<MediaStreamTrack | null>(null);
  readonly #screen = signal<MediaStreamTrack | null>(null);
  readonly #muted = signal(false);
  #closed = false;

  /** What is sent. */
  readonly audio = computed(() => this.#microphone.value);
  readonly video = computed(() => this.#screen.value ?? this.#camera.value);
  /** What is on. */
  readonly microphoneOn = computed(() => this.#microphone.value !== null && !this.#muted.value);
  readonly cameraOn = computed(() => this.#camera.value !== null);
  readonly screenOn = computed(() => this.#screen.value !== null);

  constructor(picture: Picture) {
    this.#picture = picture;
  }

  /** Opens the microphone, or lets it be heard again. Null when it worked. */
  async unmute(): Promise<DeviceTrouble | null> {
    const trouble = await this.#open('microphone');
    this.#setMuted(trouble !== null && this.#muted.peek());
    return trouble;
  }

  /** Stays silent. The microphone is kept: it can be heard again at once. */
  mute(): void {
    this.#setMuted(true);
  }

  /** Null when it worked. */
  startCamera(): Promise<DeviceTrouble | null> {
    return this.#open('camera');
  }

  stopCamera(): void {
    release(this.#camera);
  }

  /** Asks which screen or window. Null when it worked. */
  startScreen(): Promise<DeviceTrouble | null> {
    return this.#open('screen');
  }

  stopScreen(): void {
    release(this.#screen);
  }

  close(): void {
    this.#closed = true;
    for (const place of [this.#microphone, this.#camera, this.#screen]) release(place);
  }

  async #open(device: Device): Promise<DeviceTrouble | null> {
    const place = { microphone: this.#microphone, camera: this.#camera, screen: this.#screen }[device];
    if (place.peek() !== null) return null;
    if (!window.isSecureContext) return { device, why: 'insecure' };
    try {
      const stream = await this.#ask(device);
      const [track = null, ...others] = stream.getTracks();
      if (this.#closed || place.peek() !== null) others.push(...(track === null ? [] : [track]));
      else if (track !== null) keep(place, track);
      for (const other of others) other.stop();
      return track === null ? { device, why: 'missing' } : null;
    } catch (error) {
      return troubleOf(device, error);
    }
  }

  #ask(device: Device): Promise<MediaStream> {
    const { width, height, frameRate } = this.#picture;
    const picture = { width: { ideal: width }, height: { ideal: height }, frameRate: { max: frameRate } };
    if (device === 'microphone') return navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    if (device === 'camera') return navigator.mediaDevices.getUserMedia({ video: picture });
    return navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: frameRate } }, audio: false });
  }

  #setMuted(muted: boolean): void {
    this.#muted.value = muted;
    const track = this.#microphone.peek();
    if (track !== null) track.enabled = !muted;
  }
}

type Place = Signal<MediaStreamTrack | null>;

/** A track that ends by itself (pulled out, sharing stopped in the browser's bar) is gone from its place. */
function keep(place: Place, track: MediaStreamTrack): void {
  track.addEventListener('ended', () => {
    if (place.peek() === track) place.value = null;
  });
  place.value = track;
}

function release(place: Place): void {
  place.peek()?.stop();
  place.value = null;
}

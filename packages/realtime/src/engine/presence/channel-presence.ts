import { Refusal } from '../refusal.ts';
import type { Payload } from '../message.ts';
import type { PresenceMeta, Presences } from './state.ts';
import type { Presence, PresenceFetch } from './tracker.ts';

/** The channel that tracks. */
interface Owner {
  readonly topic: string;
  readonly memberId: string;
  push(event: string, payload: Payload): void;
}

/** Presence as one channel uses it; see `TopicPresences`. */
export class ChannelPresence {
  readonly #presence: Presence;
  readonly #owner: Owner;
  readonly #fetch: PresenceFetch | undefined;

  constructor(presence: Presence, owner: Owner, fetch: PresenceFetch | undefined) {
    this.#presence = presence;
    this.#owner = owner;
    this.#fetch = fetch;
  }

  track(key: string, meta: object): void {
    const { topic, memberId } = this.#owner;
    if (!this.#presence.track(topic, memberId, key, meta)) throw new Refusal('already_tracked', { key });
  }

  update(key: string, meta: object): void {
    const { topic, memberId } = this.#owner;
    if (!this.#presence.update(topic, memberId, key, meta)) throw new Refusal('nopresence', { key });
  }

  untrack(key: string): void {
    this.#presence.untrack(this.#owner.topic, this.#owner.memberId, key);
  }

  list(): Presences {
    return this.#presence.list(this.#owner.topic);
  }

  get(key: string): PresenceMeta[] {
    return this.#presence.get(this.#owner.topic, key);
  }

  pushState(): void | Promise<void> {
    const state = this.#fetch === undefined ? this.list() : this.#fetch(this.#owner.topic, this.list());
    if (state instanceof Promise) return state.then((fetched) => this.#owner.push('presence_state', fetched));
    this.#owner.push('presence_state', state);
  }

  leave(): void {
    this.#presence.leave(this.#owner.topic, this.#owner.memberId);
  }
}

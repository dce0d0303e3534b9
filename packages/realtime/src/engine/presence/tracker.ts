import { randomBytes } from 'node:crypto';
import type { PubSub } from '../pubsub/port.ts';
import { TopicPresence, type PresenceDiff, type Presences } from './state.ts';

/**
 * Adds fields beside `metas` to presences before clients see them, for all keys of a diff or a state at once (one query
 * instead of one per key). It must keep the keys and their `metas`.
 */
export type PresenceFetch = (topic: string, presences: Presences) => Presences | Promise<Presences>;

/** The presence of all topics of this node. Each change is broadcast as one `presence_diff` on its topic. */
export class Presence {
  readonly #topics = new Map<string, TopicPresence>();
  readonly #pubsub: PubSub;
  readonly #onCrash: (topic: string, thrown: unknown) => void;
  /** Diffs of a topic that wait for `fetch`: they go out in order. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(pubsub: PubSub, onCrash: (topic: string, thrown: unknown) => void) {
    this.#pubsub = pubsub;
    this.#onCrash = onCrash;
  }

  /** False when the owner tracks this key already. */
  track(topic: string, owner: string, key: string, meta: object, fetch?: PresenceFetch): boolean {
    const presence = this.#topics.get(topic) ?? new TopicPresence();
    this.#topics.set(topic, presence);
    return this.#announce(topic, presence.track(owner, key, meta, newRef()), fetch);
  }

  /** False when the owner does not track this key. */
  update(topic: string, owner: string, key: string, meta: object, fetch?: PresenceFetch): boolean {
    return this.#announce(topic, this.#topics.get(topic)?.update(owner, key, meta, newRef()) ?? null, fetch);
  }

  untrack(topic: string, owner: string, key: string, fetch?: PresenceFetch): void {
    this.#announce(topic, this.#topics.get(topic)?.untrack(owner, key) ?? null, fetch);
  }

  /** A channel ended: all it tracked leaves. */
  leave(topic: string, owner: string, fetch?: PresenceFetch): void {
    this.#announce(topic, this.#topics.get(topic)?.leave(owner) ?? null, fetch);
  }

  list(topic: string): Presences {
    return this.#topics.get(topic)?.list() ?? {};
  }

  #announce(topic: string, diff: PresenceDiff | null, fetch: PresenceFetch | undefined): boolean {
    if (diff === null) return false;
    if (this.#topics.get(topic)?.empty === true) this.#topics.delete(topic);
    const publish = (payload: PresenceDiff): void => this.#pubsub.publish({ topic, event: 'presence_diff', payload });
    if (fetch === undefined) publish(diff);
    else this.#publishFetched(topic, diff, fetch, publish);
    return true;
  }

  #publishFetched(topic: string, diff: PresenceDiff, fetch: PresenceFetch, publish: (diff: PresenceDiff) => void): void {
    const before = this.#pending.get(topic) ?? Promise.resolve();
    const done = before
      .then(async () => publish({ joins: await fetch(topic, diff.joins), leaves: await fetch(topic, diff.leaves) }))
      .catch((thrown: unknown) => this.#onCrash(topic, thrown))
      .finally(() => {
        if (this.#pending.get(topic) === done) this.#pending.delete(topic);
      });
    this.#pending.set(topic, done);
  }
}

/** Twelve random bytes, as Phoenix's refs. */
function newRef(): string {
  return randomBytes(12).toString('base64url');
}

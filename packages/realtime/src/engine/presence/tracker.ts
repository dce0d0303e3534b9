import { randomBytes } from 'node:crypto';
import type { Payload } from '../message.ts';
import type { PubSub } from '../pubsub/port.ts';
import { PresenceCluster } from './cluster.ts';
import { TopicPresence, type PresenceDiff, type PresenceMeta, type Presences } from './state.ts';

/**
 * Adds fields beside `metas` to presences before clients see them, for all keys of a diff or a state at once (one query
 * instead of one per key). It must keep the keys and their `metas`.
 */
export type PresenceFetch = (topic: string, presences: Presences) => Presences | Promise<Presences>;

/** The clients of this node. */
export interface PresenceAudience {
  /** How the channel of a topic enriches presences; null when nobody of this node has joined it. */
  fetchOf(topic: string): PresenceFetch | 'as they are' | null;
  /** Sends to everyone on the topic, on this node alone. */
  deliver(broadcast: { topic: string; event: string; payload: Payload }): void;
}

/** The presence of all topics, on all nodes. Each node tells its own clients of each change, as one `presence_diff` on its topic. */
export class Presence {
  readonly #topics = new Map<string, TopicPresence>();
  readonly #audience: PresenceAudience;
  readonly #cluster: PresenceCluster;
  readonly #onCrash: (topic: string, thrown: unknown) => void;
  /** Diffs of a topic that wait for `fetch`: they go out in order. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor(pubsub: PubSub, audience: PresenceAudience, onCrash: (topic: string, thrown: unknown) => void) {
    this.#audience = audience;
    this.#onCrash = onCrash;
    this.#cluster = new PresenceCluster(pubsub, this.#topics, (diffs) => {
      for (const [topic, diff] of diffs) this.#show(topic, diff);
    });
  }

  /** False when the owner tracks this key already. */
  track(topic: string, owner: string, key: string, meta: object): boolean {
    const presence = this.#topics.get(topic) ?? new TopicPresence();
    this.#topics.set(topic, presence);
    return this.#changed(topic, owner, presence.track(owner, key, meta, newRef()));
  }

  /** False when the owner does not track this key. */
  update(topic: string, owner: string, key: string, meta: object): boolean {
    return this.#changed(topic, owner, this.#topics.get(topic)?.update(owner, key, meta, newRef()) ?? null);
  }

  untrack(topic: string, owner: string, key: string): void {
    this.#changed(topic, owner, this.#topics.get(topic)?.untrack(owner, key) ?? null);
  }

  /** A channel ended: all it tracked leaves. */
  leave(topic: string, owner: string): void {
    this.#changed(topic, owner, this.#topics.get(topic)?.leave(owner) ?? null);
  }

  list(topic: string): Presences {
    this.#cluster.begin();
    return this.#topics.get(topic)?.list() ?? {};
  }

  /** What is tracked of one key. */
  get(topic: string, key: string): PresenceMeta[] {
    this.#cluster.begin();
    return this.#topics.get(topic)?.of(key) ?? [];
  }

  /** What is tracked in all, on any node. */
  get size(): number {
    let size = 0;
    for (const presence of this.#topics.values()) size += presence.size;
    return size;
  }

  /** This node ends. What ends on it from now on does not show: clients are about to come back to another node. */
  close(): void {
    this.#cluster.leave();
  }

  #changed(topic: string, owner: string, diff: PresenceDiff | null): boolean {
    if (diff === null) return false;
    if (this.#topics.get(topic)?.empty === true) this.#topics.delete(topic);
    if (this.#cluster.left) return true;
    this.#cluster.changed(topic, owner, diff);
    this.#show(topic, diff);
    return true;
  }

  #show(topic: string, diff: PresenceDiff): void {
    const fetch = this.#audience.fetchOf(topic);
    if (fetch === null) return;
    const deliver = (payload: PresenceDiff): void => this.#audience.deliver({ topic, event: 'presence_diff', payload });
    if (fetch === 'as they are') deliver(diff);
    else this.#showFetched(topic, diff, fetch, deliver);
  }

  #showFetched(topic: string, diff: PresenceDiff, fetch: PresenceFetch, deliver: (diff: PresenceDiff) => void): void {
    const before = this.#pending.get(topic) ?? Promise.resolve();
    const done = before
      .then(async () => deliver({ joins: await fetch(topic, diff.joins), leaves: await fetch(topic, diff.leaves) }))
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

import type { ChannelInstance } from './instance.ts';

/** The channels of a connection by topic. Most connections join one: it takes a map only for more. */
export class ChannelTable {
  #only: ChannelInstance | null = null;
  #map: Map<unknown, ChannelInstance> | null = null;

  get size(): number {
    return this.#map?.size ?? (this.#only === null ? 0 : 1);
  }

  /** @param topic as the client sent it: any JSON value */
  get(topic: unknown): ChannelInstance | undefined {
    if (this.#map !== null) return this.#map.get(topic);
    return this.#only?.topic === topic ? (this.#only ?? undefined) : undefined;
  }

  add(instance: ChannelInstance): void {
    if (this.#map !== null) {
      this.#map.set(instance.topic, instance);
    } else if (this.#only === null || this.#only.topic === instance.topic) {
      this.#only = instance;
    } else {
      this.#map = new Map([this.#only, instance].map((each) => [each.topic, each]));
      this.#only = null;
    }
  }

  /** Does nothing when another instance has taken the topic. */
  delete(instance: ChannelInstance): void {
    if (this.#only === instance) this.#only = null;
    else if (this.#map?.get(instance.topic) === instance) this.#map.delete(instance.topic);
  }

  /** All of them now: what follows may end some. */
  all(): ChannelInstance[] {
    if (this.#map !== null) return [...this.#map.values()];
    return this.#only === null ? [] : [this.#only];
  }
}

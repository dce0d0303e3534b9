import type { Payload } from '../message.ts';

/** A broadcast on its way to every node that has subscribers of its topic. */
export interface Broadcast {
  readonly topic: string;
  readonly event: string;
  readonly payload: Payload;
  /** Who shall not get it: an opaque id of one subscriber, unique over all nodes. */
  readonly except?: string;
  /** Reaches the connections with these socket ids alone. */
  readonly only?: readonly string[];
}

export type Listener = (broadcast: Broadcast) => void;

/**
 * Carries broadcasts between the nodes of a cluster. Promises of every adapter, held by `pubsubConformance`:
 * - **At most once**: no storage, no retry. A subscriber that is away misses what was sent.
 * - **Order**: of one publisher and topic, each listener gets broadcasts in the order of publishing.
 * - **Own ones synchronously**: listeners on the publishing node are called before `publish` returns.
 * - A listener that throws disturbs neither the publisher nor the other listeners.
 */
export interface PubSub {
  publish(broadcast: Broadcast): void;
  /** Listens to a topic until the returned function is called. */
  subscribe(topic: string, listener: Listener): () => void;
  /** Rejects when the other nodes cannot be reached. */
  ready?(): Promise<void>;
  close?(): Promise<void>;
}

import { randomBytes } from 'node:crypto';
import type { PubSub } from '../pubsub/port.ts';
import { entriesOf, isOwn, Replicas, type Diffs, type ReplicaMessage, type ReplicaTimes } from './replicas.ts';
import type { PresenceDiff, TopicPresence } from './state.ts';

/** Nodes talk on this topic, and to one of them below it. No channel of clients may have it. */
const TOPIC = 'phx_presence';
/** How often a node says that it lives, and how often it looks who does, in ms. */
const BEAT_MS = 2_000;
const LOOK_MS = 1_000;
/** A node that is killed is missed this long after its last beat at the latest, beside one look. */
const TIMES: ReplicaTimes = { downMs: 6_000, graceMs: 5_000, askAgainMs: 1_000 };
/** A look that is so late says that this process stood still, in ms. */
const LATE_MS = 2_000;
/** Entries of one part of a state, and the time between two parts in ms: the way to the other nodes has a bounded queue. */
const PART = 500;
const PART_MS = 5;

/** Keeps the presences of this node and of the others in step. Costs nothing until somebody uses presence. */
export class PresenceCluster {
  readonly #node = randomBytes(9).toString('base64url');
  readonly #pubsub: PubSub;
  readonly #topics: Map<string, TopicPresence>;
  readonly #replicas: Replicas;
  readonly #onDiffs: (diffs: Diffs) => void;
  readonly #answering = new Set<string>();
  readonly #unsubscribe: (() => void)[];
  #timers: NodeJS.Timeout[] = [];
  #clock = 0;
  #lookedAt = 0;
  #left = false;

  /**
   * @param topics all that is known; own presences are put there by the owner of the map, the others by this
   * @param onDiffs told how the presences of other nodes changed
   */
  constructor(pubsub: PubSub, topics: Map<string, TopicPresence>, onDiffs: (diffs: Diffs) => void) {
    this.#pubsub = pubsub;
    this.#topics = topics;
    this.#replicas = new Replicas(topics, TIMES);
    this.#onDiffs = onDiffs;
    const listen = (topic: string): (() => void) => pubsub.subscribe(topic, ({ payload }) => this.#receive(payload as ReplicaMessage));
    this.#unsubscribe = [listen(TOPIC), listen(`${TOPIC}:${this.#node}`)];
  }

  /** Whether this node has said goodbye: what ends on it now is on its way to another. */
  get left(): boolean {
    return this.#left;
  }

  /** Says hello to the others, once. */
  begin(): void {
    if (this.#timers.length > 0 || this.#left) return;
    this.#lookedAt = performance.now();
    this.#timers = [setInterval(() => this.#beat(), BEAT_MS).unref(), setInterval(() => this.#look(), LOOK_MS).unref()];
    this.#tell({ kind: 'beat', node: this.#node, clock: this.#clock, hello: true });
  }

  /** Tells the others how one owner of this node changed. */
  changed(topic: string, owner: string, { joins, leaves }: PresenceDiff): void {
    if (this.#left) return;
    this.begin();
    const gone = Object.keys(leaves).filter((key) => !Object.hasOwn(joins, key));
    const changes = [
      ...gone.map((key) => [owner, key, null] as const),
      ...Object.entries(joins).map(([key, { metas }]) => [owner, key, metas[0]!] as const),
    ];
    this.#tell({ kind: 'delta', node: this.#node, clock: (this.#clock += 1), topic, changes });
  }

  /** Says goodbye: the others keep what this node had for a moment, in which its clients come back to them. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#timers.length > 0) this.#tell({ kind: 'leaving', node: this.#node });
    for (const timer of this.#timers) clearInterval(timer);
    for (const stop of this.#unsubscribe) stop();
  }

  #beat(): void {
    this.#tell({ kind: 'beat', node: this.#node, clock: this.#clock });
  }

  #look(): void {
    const now = performance.now();
    const late = now - this.#lookedAt - LOOK_MS;
    this.#lookedAt = now;
    if (late > LATE_MS) this.#replicas.pardon(late);
    this.#onDiffs(this.#replicas.expire(now));
  }

  #receive(message: ReplicaMessage): void {
    if (message.node === this.#node) return;
    this.begin();
    const { diffs, ask } = this.#replicas.receive(message, performance.now());
    this.#onDiffs(diffs);
    if (ask) this.#tell({ kind: 'pull', node: this.#node }, message.node);
    if (message.kind === 'pull') this.#answer(message.node);
    if (message.kind === 'beat' && message.hello === true) this.#beat();
  }

  /** Sends all that this node has, as it is now, part by part. */
  #answer(to: string): void {
    if (this.#answering.has(to)) return;
    this.#answering.add(to);
    const clock = this.#clock;
    const all = entriesOf(this.#topics, isOwn);
    const parts = Math.max(1, Math.ceil(all.length / PART));
    const send = (part: number): void => {
      this.#tell({ kind: 'state', node: this.#node, clock, part, parts, entries: all.slice(part * PART, (part + 1) * PART) }, to);
      if (part + 1 < parts && !this.#left) setTimeout(send, PART_MS, part + 1).unref();
      else this.#answering.delete(to);
    };
    send(0);
  }

  #tell(message: ReplicaMessage, to?: string): void {
    this.#pubsub.publish({ topic: to === undefined ? TOPIC : `${TOPIC}:${to}`, event: message.kind, payload: message });
  }
}

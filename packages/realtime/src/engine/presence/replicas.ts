import { TopicPresence, type PresenceDiff, type PresenceMeta, type Presences } from './state.ts';

/** One tracked meta: of a channel (`owner`) on a topic, under a key. */
export type Entry = readonly [topic: string, owner: string, key: string, meta: PresenceMeta];

/** What nodes tell each other. `clock` counts the changes of a node's own presences. */
export type ReplicaMessage =
  /** I live, and this is how far I am. With `hello` I am new: say so, too. */
  | { kind: 'beat'; node: string; clock: number; hello?: boolean }
  /** My change number `clock`: these metas of mine are as given now, null means gone. */
  | { kind: 'delta'; node: string; clock: number; topic: string; changes: (readonly [owner: string, key: string, meta: PresenceMeta | null])[] }
  /** One part of all that I have. */
  | { kind: 'state'; node: string; clock: number; part: number; parts: number; entries: Entry[] }
  /** Send me your state. */
  | { kind: 'pull'; node: string }
  /** I end; my clients are about to come back elsewhere. */
  | { kind: 'leaving'; node: string };

export interface ReplicaTimes {
  /** A node of which nothing was heard for so long is gone, in ms. */
  downMs: number;
  /** What a node that left had stays for so long, in ms: who comes back elsewhere meanwhile never left. */
  graceMs: number;
  /** A state that was asked for and has not come is asked for again after this, in ms. */
  askAgainMs: number;
}

/** Changes of what this node knows, one diff for each topic. */
export type Diffs = [topic: string, diff: PresenceDiff][];

interface Remote {
  /** Null while its state is not known. */
  clock: number | null;
  goneAt: number;
  leaving: boolean;
  askedAt: number;
  /** A state of which parts are missing. */
  partial: { clock: number; parts: number; entries: Entry[][] } | null;
}

/**
 * What this node knows of the presences of others, beside its own in one view. Pure: the time and the messages come in, what is
 * to be done comes out. Each node numbers its changes; one that misses a number asks for the whole state, so whatever is lost on
 * the way, the nodes that hear each other agree one beat later.
 */
export class Replicas {
  readonly #topics: Map<string, TopicPresence>;
  readonly #times: ReplicaTimes;
  readonly #remotes = new Map<string, Remote>();

  /** @param topics the view: all presences by topic, those of other nodes under owners that begin with the node */
  constructor(topics: Map<string, TopicPresence>, times: ReplicaTimes) {
    this.#topics = topics;
    this.#times = times;
  }

  /** Other nodes that are heard. */
  get size(): number {
    return this.#remotes.size;
  }

  /** `ask`: the state of the sender is needed. */
  receive(message: ReplicaMessage, now: number): { diffs: Diffs; ask: boolean } {
    const remote = this.#heard(message.node, now);
    if (message.kind === 'leaving') {
      remote.leaving = true;
      remote.goneAt = now + this.#times.graceMs;
      return { diffs: [], ask: false };
    }
    if (message.kind === 'pull') return { diffs: [], ask: false };
    if (message.kind === 'state') return { diffs: this.#takeState(message, remote), ask: false };
    const known = remote.clock;
    if (message.kind === 'beat') return { diffs: [], ask: (known === null || message.clock > known) && this.#mayAsk(remote, now) };
    if (known === null || message.clock > known + 1) return { diffs: [], ask: this.#mayAsk(remote, now) };
    if (message.clock <= known) return { diffs: [], ask: false };
    remote.clock = message.clock;
    const changes = new Changes();
    for (const [owner, key, meta] of message.changes) this.#set([message.topic, ownerOf(message.node, owner), key], meta, changes);
    return { diffs: changes.diffs(), ask: false };
  }

  /** What nodes had that are not heard any more. */
  expire(now: number): Diffs {
    const gone = [...this.#remotes].filter(([, { goneAt }]) => goneAt <= now).map(([node]) => node);
    if (gone.length === 0) return [];
    const changes = new Changes();
    for (const node of gone) {
      this.#remotes.delete(node);
      for (const [topic, owner, key] of this.#entriesOf(node)) this.#set([topic, owner, key], null, changes);
    }
    return changes.diffs();
  }

  /** This node itself did nothing for `ms`: what it did not hear meanwhile says nothing. */
  pardon(ms: number): void {
    for (const remote of this.#remotes.values()) remote.goneAt += ms;
  }

  #heard(node: string, now: number): Remote {
    const remote = this.#remotes.get(node) ?? { clock: null, goneAt: 0, leaving: false, askedAt: -Infinity, partial: null };
    this.#remotes.set(node, remote);
    if (!remote.leaving) remote.goneAt = now + this.#times.downMs;
    return remote;
  }

  #mayAsk(remote: Remote, now: number): boolean {
    if (now - remote.askedAt < this.#times.askAgainMs) return false;
    remote.askedAt = now;
    return true;
  }

  #takeState({ node, clock, part, parts, entries }: Extract<ReplicaMessage, { kind: 'state' }>, remote: Remote): Diffs {
    const { partial } = remote;
    if (part === 0) remote.partial = { clock, parts, entries: [entries] };
    else if (partial !== null && partial.clock === clock && partial.parts === parts && partial.entries.length === part) partial.entries.push(entries);
    else remote.partial = null;
    if (remote.partial?.entries.length !== parts) return [];
    const all = remote.partial.entries.flat();
    remote.partial = null;
    if (remote.clock !== null && clock <= remote.clock) return [];
    remote.clock = clock;
    const changes = new Changes();
    const given = new Set(all.map(([topic, owner, key]) => JSON.stringify([topic, ownerOf(node, owner), key])));
    for (const [topic, owner, key] of this.#entriesOf(node)) {
      if (!given.has(JSON.stringify([topic, owner, key]))) this.#set([topic, owner, key], null, changes);
    }
    for (const [topic, owner, key, meta] of all) this.#set([topic, ownerOf(node, owner), key], meta, changes);
    return changes.diffs();
  }

  #entriesOf(node: string): Entry[] {
    return entriesOf(this.#topics, (owner) => owner.startsWith(ownerOf(node, '')));
  }

  #set([topic, owner, key]: [topic: string, owner: string, key: string], meta: PresenceMeta | null, changes: Changes): void {
    const presence = this.#topics.get(topic) ?? new TopicPresence();
    const old = presence.get(owner, key);
    if (old?.phx_ref === meta?.phx_ref) return;
    if (meta === null) presence.untrack(owner, key);
    else presence.put(owner, key, meta);
    if (presence.empty) this.#topics.delete(topic);
    else this.#topics.set(topic, presence);
    changes.add(topic, key, old, meta);
  }
}

/** Owners of this node have no slash in their name. */
function ownerOf(node: string, owner: string): string {
  return `${node}/${owner}`;
}

export function isOwn(owner: string): boolean {
  return !owner.includes('/');
}

/** The entries of a view whose owners are such ones. */
export function entriesOf(topics: ReadonlyMap<string, TopicPresence>, isMeant: (owner: string) => boolean): Entry[] {
  const found: Entry[] = [];
  for (const [topic, presence] of topics) {
    for (const [owner, key, meta] of presence.entries()) if (isMeant(owner)) found.push([topic, owner, key, meta]);
  }
  return found;
}

type Metas = Map<string, PresenceMeta[]>;

/** Collects changes into one diff for each topic. */
class Changes {
  readonly #topics = new Map<string, { joins: Metas; leaves: Metas }>();

  add(topic: string, key: string, old: PresenceMeta | undefined, meta: PresenceMeta | null): void {
    const diff = this.#topics.get(topic) ?? { joins: new Map(), leaves: new Map() };
    this.#topics.set(topic, diff);
    if (meta !== null) append(diff.joins, key, meta);
    if (old !== undefined) append(diff.leaves, key, old);
  }

  diffs(): Diffs {
    return [...this.#topics].map(([topic, { joins, leaves }]) => [topic, { joins: asPresences(joins), leaves: asPresences(leaves) }]);
  }
}

function append(metas: Metas, key: string, meta: PresenceMeta): void {
  const known = metas.get(key);
  if (known === undefined) metas.set(key, [meta]);
  else known.push(meta);
}

function asPresences(byKey: Metas): Presences {
  return Object.fromEntries([...byKey].map(([key, metas]) => [key, { metas }]));
}

/** What is known of one tracked channel under a key, with the refs by which clients merge. */
export interface PresenceMeta {
  readonly phx_ref: string;
  readonly phx_ref_prev?: string;
  readonly [field: string]: unknown;
}

/** Presences by key, as `presence_state` and both halves of `presence_diff` show them. */
export type Presences = Record<string, { metas: PresenceMeta[]; [extra: string]: unknown }>;

export interface PresenceDiff {
  joins: Presences;
  leaves: Presences;
}

/** Who is present on one topic. Pure: refs come in as arguments. An owner is one joined channel. */
export class TopicPresence {
  readonly #byKey = new Map<string, Map<string, PresenceMeta>>();
  readonly #keysOf = new Map<string, Set<string>>();
  #size = 0;

  /** Metas of all keys. */
  get size(): number {
    return this.#size;
  }

  get empty(): boolean {
    return this.#byKey.size === 0;
  }

  /** Null when the owner tracks this key already. */
  track(owner: string, key: string, meta: object, ref: string): PresenceDiff | null {
    if (this.get(owner, key) !== undefined) return null;
    const tracked: PresenceMeta = { ...meta, phx_ref: ref };
    this.put(owner, key, tracked);
    return { joins: entry(key, tracked), leaves: {} };
  }

  /** Replaces the meta; the new one names the old by `phx_ref_prev`. Null when the owner does not track this key. */
  update(owner: string, key: string, meta: object, ref: string): PresenceDiff | null {
    const old = this.get(owner, key);
    if (old === undefined) return null;
    const updated: PresenceMeta = { ...meta, phx_ref: ref, phx_ref_prev: old.phx_ref };
    this.put(owner, key, updated);
    return { joins: entry(key, updated), leaves: entry(key, old) };
  }

  /** Null when there is nothing to leave. */
  untrack(owner: string, key: string): PresenceDiff | null {
    const meta = this.#remove(owner, key);
    return meta === null ? null : { joins: {}, leaves: entry(key, meta) };
  }

  /** Everything of an owner leaves, in one diff. */
  leave(owner: string): PresenceDiff | null {
    const left = [...(this.#keysOf.get(owner) ?? [])].map((key) => [key, { metas: [this.#remove(owner, key)!] }]);
    return left.length === 0 ? null : { joins: {}, leaves: Object.fromEntries(left) as Presences };
  }

  get(owner: string, key: string): PresenceMeta | undefined {
    return this.#byKey.get(key)?.get(owner);
  }

  /** Sets a meta as another node has it. */
  put(owner: string, key: string, meta: PresenceMeta): void {
    if (this.get(owner, key) === undefined) this.#size += 1;
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Map<string, PresenceMeta>()).set(owner, meta));
    this.#keysOf.set(owner, (this.#keysOf.get(owner) ?? new Set()).add(key));
  }

  /** The metas of one key, the oldest first. */
  of(key: string): PresenceMeta[] {
    return [...(this.#byKey.get(key)?.values() ?? [])];
  }

  *entries(): Generator<[owner: string, key: string, meta: PresenceMeta]> {
    for (const [key, owners] of this.#byKey) for (const [owner, meta] of owners) yield [owner, key, meta];
  }

  /** All metas, under each key the oldest first. */
  list(): Presences {
    return Object.fromEntries([...this.#byKey].map(([key, owners]) => [key, { metas: [...owners.values()] }]));
  }

  #remove(owner: string, key: string): PresenceMeta | null {
    const owners = this.#byKey.get(key);
    const meta = owners?.get(owner);
    if (owners === undefined || meta === undefined) return null;
    owners.delete(owner);
    this.#size -= 1;
    if (owners.size === 0) this.#byKey.delete(key);
    const keys = this.#keysOf.get(owner);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOf.delete(owner);
    return meta;
  }
}

function entry(key: string, meta: PresenceMeta): Presences {
  return { [key]: { metas: [meta] } };
}

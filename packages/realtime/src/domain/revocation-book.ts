import type { Identity } from '../auth/identity.ts';

/** What is refused: one token by its id, or all tokens that a user got until some moment. Times in ms since the epoch. */
export interface Revocation {
  kind: 'user' | 'token';
  /** User id or token id. */
  subject: string;
  since: number;
  /** When the token ends; null when that is not known. */
  expiresAt: number | null;
}

/** Revocations that a node keeps in memory. */
const MOST_KNOWN = 100_000;

/**
 * What a node knows of revocations. It is asked for every token, so it answers from memory. Of more than it may keep it
 * forgets the oldest, and is not `complete` any more: then whoever is not in it has to be looked up.
 */
export class RevocationBook {
  readonly #most: number;
  readonly #known = new Map<string, Revocation>();
  #complete = true;

  constructor(most = MOST_KNOWN) {
    this.#most = most;
  }

  get complete(): boolean {
    return this.#complete;
  }

  get size(): number {
    return this.#known.size;
  }

  /** False when nothing new was said. */
  learn(revocation: Revocation): boolean {
    const key = keyOf(revocation.kind, revocation.subject);
    const old = this.#known.get(key);
    if (old !== undefined && old.since >= revocation.since) return false;
    this.#known.delete(key);
    this.#known.set(key, revocation);
    if (this.#known.size > this.#most) this.forgetOldest();
    return true;
  }

  /** It holds more than fits, or more than was read. */
  forgetOldest(): void {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
    this.#complete = false;
  }

  /** Forgets tokens that ended by themselves. */
  prune(now: number): void {
    for (const [key, { expiresAt }] of this.#known) if (expiresAt !== null && expiresAt <= now) this.#known.delete(key);
  }

  isRevoked(identity: Identity): boolean {
    const ofUser = this.#known.get(keyOf('user', identity.userId));
    if (ofUser !== undefined && revokes(ofUser, identity)) return true;
    const ofToken = identity.tokenId === undefined ? undefined : this.#known.get(keyOf('token', identity.tokenId));
    return ofToken !== undefined;
  }
}

/**
 * Whether a revocation of a user or token hits a token of his. Tokens say the second in which they were issued: one of the
 * very second of a revocation is refused, and so is one that does not say.
 */
export function revokes({ kind, since }: Revocation, { issuedAt }: Identity): boolean {
  return kind === 'token' || issuedAt === undefined || Math.floor(issuedAt / 1_000) <= Math.floor(since / 1_000);
}

function keyOf(kind: Revocation['kind'], subject: string): string {
  return `${kind}:${subject}`;
}

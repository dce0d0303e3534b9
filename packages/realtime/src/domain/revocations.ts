import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import type { Act, Actor } from './audit.ts';
import { RevocationBook, revokes, type Revocation } from './revocation-book.ts';

export interface RevocationRepository {
  /** Keeps it (an older one of the same subject gives way), with the act and the event, all or nothing. */
  add(revocation: Revocation, extras: { act?: Act; event?: BusEvent }): Promise<void>;
  /** The newest of all, oldest first. */
  newest(limit: number): Promise<Revocation[]>;
  /** What changed within the last `ms`, oldest first. */
  changedWithin(ms: number, limit: number): Promise<Revocation[]>;
  /** Those of these subjects. */
  find(userId: string, tokenId: string | undefined): Promise<Revocation[]>;
  /** Removes those of tokens that ended by themselves. */
  removeExpired(): Promise<void>;
}

/** What revoking needs of the sockets and of the other nodes. */
export interface RevocationNetwork {
  /** Tells every node, this one included. What is told may be lost. */
  announce(revocation: Revocation): void;
  onAnnounced(listener: (revocation: Revocation) => void): () => void;
  /** Closes the sockets of this node that fit. */
  disconnectWhere(fits: (identity: Identity) => boolean): void;
}

/** How often the table is read, in ms. */
const POLL_MS = 5_000;
/** How far back a poll looks, in ms: rows may become visible later than they were written. */
const OVERLAP_MS = 60_000;
const MOST_READ = 100_000;
/** How often expired rows are removed, in polls. */
const CLEAN_EVERY = 720;

export interface RevocationOptions {
  repository: RevocationRepository;
  log: Log;
  book?: RevocationBook;
  pollMs?: number;
}

export type Revocations = ReturnType<typeof createRevocations>;

/**
 * Refuses tokens before they end. Nodes tell each other at once, and read the table every few seconds: so a message that was
 * lost makes it late, not undone. `connect` is given before the service is started.
 */
export function createRevocations({ repository, log, book = new RevocationBook(), pollMs = POLL_MS }: RevocationOptions) {
  let network: RevocationNetwork | undefined;
  let stopListening: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> = Promise.resolve();
  let polls = 0;

  function learn(revocation: Revocation): void {
    if (book.learn(revocation)) network?.disconnectWhere((identity) => book.isRevoked(identity));
  }

  async function poll(): Promise<void> {
    for (const revocation of await repository.changedWithin(OVERLAP_MS + pollMs, MOST_READ)) book.learn(revocation);
    // Also those that came in while their revocation was on its way.
    if (book.size > 0) network?.disconnectWhere((identity) => book.isRevoked(identity));
    book.prune(Date.now());
    if ((polls += 1) % CLEAN_EVERY === 0) await repository.removeExpired();
  }

  const schedule = (): void => {
    timer = setTimeout(() => {
      polling = poll()
        .catch((error: unknown) => log.warn({ reason: describeError(error) }, 'revocations could not be read'))
        .finally(() => timer !== undefined && schedule());
    }, pollMs);
  };

  async function revoke(revocation: Revocation, extras: { act?: Act; event?: BusEvent }): Promise<void> {
    await repository.add(revocation, extras);
    if (network === undefined) learn(revocation);
    else network.announce(revocation);
  }

  return {
    /** Whether a token that is good otherwise was revoked. */
    async isRevoked(identity: Identity): Promise<boolean> {
      if (book.isRevoked(identity)) return true;
      if (book.complete) return false;
      const found = await repository.find(identity.userId, identity.tokenId);
      return found.some((revocation) => revokes(revocation, identity));
    },

    /** Revokes all that the user got until now, and closes the sockets. */
    async revokeUser(userId: string, { actor, reason }: { actor: Actor; reason?: string | undefined }): Promise<{ since: number }> {
      const event = createEvent('user.revoked', { user_id: userId, ...(reason === undefined ? {} : { reason }) }, { source: 'realtime', userId });
      const since = Date.parse(event.timestamp); // When the bus tells it, it is the same one.
      const act: Act = { actor, action: 'user.revoke', subject: `user:${userId}`, details: reason === undefined ? {} : { reason } };
      await revoke({ kind: 'user', subject: userId, since, expiresAt: null }, { act, event });
      return { since };
    },

    /** The same, as the bus tells it: what the user got since is spared. */
    async onUserRevoked({ payload, timestamp }: BusEvent<'user.revoked'>): Promise<void> {
      await revoke({ kind: 'user', subject: payload.user_id, since: Math.min(Date.parse(timestamp), Date.now()), expiresAt: null }, {});
    },

    /** @param expiresAt when the token ends, null when that is not known */
    async revokeToken(tokenId: string, { actor, expiresAt }: { actor: Actor; expiresAt: number | null }): Promise<void> {
      const act: Act = { actor, action: 'token.revoke', subject: `token:${tokenId}` };
      await revoke({ kind: 'token', subject: tokenId, since: Date.now(), expiresAt }, { act });
    },

    service(to: RevocationNetwork): Service {
      network = to;
      return {
        name: 'revocations',
        async start() {
          const known = await repository.newest(MOST_READ + 1);
          for (const revocation of known) book.learn(revocation);
          if (known.length > MOST_READ) book.forgetOldest();
          stopListening = to.onAnnounced(learn);
          schedule();
        },
        async stop() {
          stopListening?.();
          clearTimeout(timer);
          timer = undefined;
          await polling;
        },
      };
    },
  };
}

import type { Identity } from '../auth/identity.ts';
import { pageOf, type Page } from './page.ts';

/** Who acts: the holder of a token and the address that the request came from. */
export interface Actor {
  userId: string;
  remoteAddress: string | null;
}

/** Who acts over a socket. */
export function actorIn({ userId, remoteAddress }: Identity): Actor {
  return { userId, remoteAddress: remoteAddress ?? null };
}

/** A privileged act, as it is written down: `action` like `dead_letter.replay`, `subject` like `dead_letter:<id>`. */
export interface Act {
  actor: Actor;
  action: string;
  subject: string;
  details?: Record<string, unknown>;
}

export interface AuditEntry extends Required<Act> {
  id: string;
  at: Date;
}

export interface AuditFilter {
  actor?: string | undefined;
  action?: string | undefined;
  subject?: string | undefined;
}

/** Where acts are kept. Acts that change rows write theirs in the same transaction, by themselves. */
export interface AuditRepository {
  record(act: Act): Promise<void>;
  /** Newest first. */
  list(filter: AuditFilter, page: Page): Promise<AuditEntry[]>;
}

export type AuditService = ReturnType<typeof createAuditService>;

/** The book of privileged acts: rows are added and read, never changed. */
export function createAuditService(repository: AuditRepository) {
  return {
    record: (act: Act): Promise<void> => repository.record(act),
    /** Newest first. */
    async list(filter: AuditFilter, page: Page): Promise<{ entries: AuditEntry[]; next: string | null }> {
      return pageOf(await repository.list(filter, { ...page, limit: page.limit + 1 }), page.limit, ({ id }) => id);
    },
  };
}

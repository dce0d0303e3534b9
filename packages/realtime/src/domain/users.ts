import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';

export interface User {
  id: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  /** As the last token had them. */
  roles: readonly string[];
}

/** That a user was seen. */
export interface Sighting {
  id: string;
  roles: readonly string[];
  at: Date;
}

export interface UserRepository {
  saw(sightings: readonly Sighting[]): Promise<void>;
  find(id: string): Promise<User | null>;
}

const FLUSH_MS = 1_000;
/** A user is written again after this long, or when the roles changed. */
const AGAIN_MS = 60_000;
/** Users whose last writing is remembered, and users that may wait to be written. */
const MOST_REMEMBERED = 50_000;
const MOST_WAITING = 10_000;
const BATCH = 1_000;

export type Users = ReturnType<typeof createUsers>;

/** The users that were here. Who connects is noted, and written a moment later with the others, one statement for many. */
export function createUsers({ repository, log }: { repository: UserRepository; log: Log }) {
  const written = new Map<string, { at: number; roles: string }>();
  const waiting = new Map<string, Sighting>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, BATCH);
      for (const { id } of batch) waiting.delete(id);
      await repository.saw(batch);
    }
  }

  function flushSoon(): void {
    timer ??= setTimeout(() => {
      flushing = flush()
        .catch((error: unknown) => log.warn({ reason: describeError(error) }, 'users that were seen could not be written'))
        .finally(() => {
          timer = undefined;
          if (waiting.size > 0) flushSoon();
        });
    }, FLUSH_MS);
  }

  return {
    /** Notes that the user is here. Costs nothing when that was written lately. */
    seen({ userId, roles }: Identity): void {
      const now = Date.now();
      const key = roles.join(' ');
      const last = written.get(userId);
      if (last !== undefined && last.roles === key && now - last.at < AGAIN_MS) return;
      if (waiting.size >= MOST_WAITING && !waiting.has(userId)) return;
      written.delete(userId);
      written.set(userId, { at: now, roles: key });
      if (written.size > MOST_REMEMBERED) written.delete(written.keys().next().value!);
      waiting.set(userId, { id: userId, roles, at: new Date(now) });
      flushSoon();
    },

    find: (id: string): Promise<User | null> => repository.find(id),

    service: {
      name: 'users',
      async stop() {
        clearTimeout(timer);
        await flushing;
        await flush();
      },
    } satisfies Service,
  };
}

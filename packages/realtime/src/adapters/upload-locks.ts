import type { DatabaseHandle } from '@armoricore/shared/db';
import { AppError } from '@armoricore/shared/kernel';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** What the server of tus asks of locks: `Locker` of @tus/server. */
export interface UploadLock {
  /** `requestRelease` is called when somebody else wants the lock. @throws Error `Locked` (423) when it does not become free in time */
  lock(signal: AbortSignal, requestRelease: () => Promise<void> | void): Promise<void>;
  unlock(): Promise<void>;
}
export interface UploadLocks {
  newLock(id: string): UploadLock;
}

/** What is needed of a connection of the pool. */
interface Client {
  query<T>(sql: string, values: unknown[]): Promise<{ rows: T[] }>;
  release(broken: boolean): void;
}
interface Holder {
  requestRelease: () => Promise<void> | void;
  released: AbortController;
}

/** First key of the advisory locks; the second is the upload's. */
const LOCK = 4_711_012;
const WAIT_MS = 10_000;
const POLL_MS = 200;

/**
 * One request at a time works on a resumable upload, in whatever process: a client that comes back after a cut meets, at times, the
 * server's half of the connection that it lost. Within the process that one is told to end; another process ends it when it falls silent.
 * The locks are PostgreSQL's, all on one connection of the pool, which is taken while there are any, and end with the process.
 */
export function createUploadLocks({ pool }: Pick<DatabaseHandle, 'pool'>, { waitMs = WAIT_MS }: { waitMs?: number } = {}): UploadLocks {
  const held = new Map<string, Holder>();
  let connection: Promise<Client> | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One query after the other: they share the connection. */
  function ask(sql: string, id: string): Promise<boolean> {
    const asking = turn.then(() => query(sql, id));
    turn = asking.catch(() => undefined); // Whoever asked is told.
    return asking;
  }

  async function query(sql: string, id: string): Promise<boolean> {
    connection ??= pool.connect();
    try {
      const { rows } = await (await connection).query<{ done: boolean }>(`SELECT ${sql}($1, hashtext($2)) AS done`, [LOCK, id]);
      return rows[0]?.done === true;
    } catch (cause) {
      dropConnection(true);
      throw new AppError('unavailable', { service: 'database' }, { cause });
    }
  }

  function dropConnection(broken: boolean): void {
    const dropped = connection;
    connection = undefined;
    void dropped?.then((client) => client.release(broken), () => undefined); // One that was never made needs no release.
  }

  function leave(id: string): void {
    held.get(id)?.released.abort();
    held.delete(id);
    if (held.size === 0) dropConnection(false);
  }

  async function take(id: string, holder: Holder): Promise<boolean> {
    held.set(id, holder);
    try {
      if (await ask('pg_try_advisory_lock', id)) return true;
    } catch (error) {
      leave(id);
      throw error;
    }
    leave(id);
    return false;
  }

  return {
    newLock: (id) => ({
      async lock(signal, requestRelease) {
        const patience = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
        while (!patience.aborted) {
          const other = held.get(id);
          if (other === undefined) {
            if (await take(id, { requestRelease, released: new AbortController() })) return;
            await delay(POLL_MS, undefined, { signal: patience }).catch(() => undefined); // Told by the condition of the loop.
          } else {
            await other.requestRelease();
            if (!other.released.signal.aborted) await once(other.released.signal, 'abort', { signal: patience }).catch(() => undefined);
          }
        }
        throw Object.assign(new Error('the upload is locked'), { status_code: 423, body: 'Locked\n' });
      },

      async unlock() {
        try {
          await ask('pg_advisory_unlock', id);
        } finally {
          leave(id);
        }
      },
    }),
  };
}

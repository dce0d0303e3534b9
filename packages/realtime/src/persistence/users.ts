import { users, type Database } from '@armoricore/shared/db';
import { eq, sql } from 'drizzle-orm';
import type { UserRepository } from '../domain/users.ts';

/** The users in PostgreSQL. */
export function createUserRepository(db: Database): UserRepository {
  return {
    async saw(sightings) {
      // In one order everywhere, so that two nodes that write the same users do not wait for each other for ever.
      const rows = sightings
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ id, roles, at }) => ({ id, roles: [...roles], firstSeenAt: at, lastSeenAt: at }));
      await db
        .insert(users)
        .values(rows)
        .onConflictDoUpdate({
          target: users.id,
          set: { lastSeenAt: sql`GREATEST(${users.lastSeenAt}, excluded.last_seen_at)`, roles: sql`excluded.roles` },
        });
    },

    async find(id) {
      const [row] = await db.select().from(users).where(eq(users.id, id)).limit(1);
      return row ?? null;
    },
  };
}

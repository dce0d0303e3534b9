import { count } from 'drizzle-orm';
import { deadLetters, type Database } from '../db/index.ts';

/** Letters that are looked at: with more of them the exact figure matters to nobody. */
const MAX_COUNTED = 100_000;

/** How many dead letters there are of each kind and origin. */
export async function countDeadLetters(db: Database): Promise<{ kind: string; origin: string; letters: number }[]> {
  const counted = db.select({ kind: deadLetters.kind, origin: deadLetters.origin }).from(deadLetters).limit(MAX_COUNTED).as('counted');
  return db.select({ kind: counted.kind, origin: counted.origin, letters: count() }).from(counted).groupBy(counted.kind, counted.origin);
}

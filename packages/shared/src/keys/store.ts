import { and, asc, desc, eq, ne, sql } from 'drizzle-orm';
import { auditLog, keys, type Database, type Transaction } from '../db/index.ts';
import { AppError, newId } from '../kernel/index.ts';
import { unwrap, wrap, type MasterKey } from './cipher.ts';

/** Versions of one name that are kept: a new one takes the place of the oldest. */
const MOST_VERSIONS = 8;
const LONGEST_VALUE = 64 * 1024;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** What is told of a key: everything but its value. */
export interface KeyEntry {
  name: string;
  version: number;
  masterId: string;
  createdAt: Date;
}

/** Secrets in the database, which is of no use without the master key. Every change is in the audit log. */
export interface KeyStore {
  /** @throws AppError `key_exists` */
  add(name: string, value: string): Promise<KeyEntry>;
  /** Adds a version, which is the current one from now on. @throws AppError `not_found` */
  rotate(name: string, value: string): Promise<KeyEntry>;
  /** Removes one version, or all. @throws AppError `not_found` */
  remove(name: string, version?: number): Promise<number>;
  /** By name, the newest version first. */
  list(): Promise<KeyEntry[]>;
  /** The values of a name, the current one first; none when there is no such key. @throws AppError `key_unreadable` */
  values(name: string): Promise<string[]>;
  /** Wraps everything with another master key, all or nothing, and answers how many there were. @throws AppError `key_unreadable` */
  rewrap(next: MasterKey): Promise<number>;
}

/** @param actor who is named in the audit log */
export function createKeyStore(db: Database, master: MasterKey, actor: string): KeyStore {
  const record = (tx: Transaction, action: string, subject: string, details: object = {}): Promise<unknown> =>
    tx.insert(auditLog).values({ id: newId(), actor, action, subject, details: { ...details } });

  /** One change at a time: versions count up, and a change of the master key leaves nothing behind. */
  const inTurn = <T>(change: (tx: Transaction) => Promise<T>): Promise<T> =>
    db.transaction(async (tx) => {
      await tx.execute(sql`LOCK TABLE ${keys} IN SHARE ROW EXCLUSIVE MODE`);
      return change(tx);
    });

  async function insert(tx: Transaction, name: string, version: number, value: string): Promise<KeyEntry> {
    await assertMaster(tx);
    const row = { name, version, wrapped: wrap(value, contextOf({ name, version }), master), masterId: master.id, createdAt: new Date() };
    await tx.insert(keys).values(row);
    const { wrapped: _secret, ...entry } = row;
    return entry;
  }

  async function assertMaster(tx: Transaction): Promise<void> {
    const [other] = await tx.select({ name: keys.name }).from(keys).where(ne(keys.masterId, master.id)).limit(1);
    if (other !== undefined) throw new AppError('key_unreadable', { name: other.name });
  }

  return {
    async add(name, value) {
      assertKey(name, value);
      return inTurn(async (tx) => {
        const [known] = await tx.select({ name: keys.name }).from(keys).where(eq(keys.name, name)).limit(1);
        if (known !== undefined) throw new AppError('key_exists', { name });
        await record(tx, 'key.add', `key:${name}`, { version: 1 });
        return insert(tx, name, 1, value);
      });
    },

    async rotate(name, value) {
      assertKey(name, value);
      return inTurn(async (tx) => {
        const versions = await tx.select({ version: keys.version }).from(keys).where(eq(keys.name, name)).orderBy(desc(keys.version));
        if (versions.length === 0) throw new AppError('not_found', { name });
        const version = versions[0]!.version + 1;
        for (const old of versions.slice(MOST_VERSIONS - 1)) await tx.delete(keys).where(and(eq(keys.name, name), eq(keys.version, old.version)));
        await record(tx, 'key.rotate', `key:${name}`, { version });
        return insert(tx, name, version, value);
      });
    },

    async remove(name, version) {
      return inTurn(async (tx) => {
        const removed = await tx
          .delete(keys)
          .where(and(eq(keys.name, name), version === undefined ? undefined : eq(keys.version, version)))
          .returning({ version: keys.version });
        if (removed.length === 0) throw new AppError('not_found', { name, ...(version === undefined ? {} : { version }) });
        await record(tx, 'key.remove', `key:${name}`, { versions: removed.map((row) => row.version) });
        return removed.length;
      });
    },

    list: () =>
      db
        .select({ name: keys.name, version: keys.version, masterId: keys.masterId, createdAt: keys.createdAt })
        .from(keys)
        .orderBy(asc(keys.name), desc(keys.version)),

    async values(name) {
      const rows = await db.select().from(keys).where(eq(keys.name, name)).orderBy(desc(keys.version));
      return rows.map((row) => open(row, master));
    },

    async rewrap(next) {
      return inTurn(async (tx) => {
        const rows = await tx.select().from(keys);
        for (const row of rows) {
          const wrapped = wrap(open(row, master), contextOf(row), next);
          await tx.update(keys).set({ wrapped, masterId: next.id }).where(and(eq(keys.name, row.name), eq(keys.version, row.version)));
        }
        await record(tx, 'key.rewrap', 'key:*', { from: master.id, to: next.id, keys: rows.length });
        return rows.length;
      });
    },
  };
}

function open(row: typeof keys.$inferSelect, master: MasterKey): string {
  try {
    return unwrap(row.wrapped, contextOf(row), master);
  } catch (cause) {
    throw new AppError('key_unreadable', { name: row.name, version: row.version }, { cause });
  }
}

/** What a value is bound to: it cannot be moved to another name or version. */
function contextOf({ name, version }: { name: string; version: number }): string {
  return `${name}:${version}`;
}

function assertKey(name: string, value: string): void {
  const issues = [];
  if (!NAME.test(name)) issues.push({ path: 'name', message: `matches ${NAME.source}` });
  if (value === '' || value.length > LONGEST_VALUE) issues.push({ path: 'value', message: `has 1 to ${LONGEST_VALUE} characters` });
  if (issues.length > 0) throw new AppError('invalid_payload', { issues });
}

import { openDatabase, revocations as table, type DatabaseHandle } from '@armoricore/shared/db';
import { silentLog, startServices } from '@armoricore/shared/kernel';
import type { Bus } from '@armoricore/shared/bus';
import fc from 'fast-check';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import type { Identity } from '../../src/auth/identity.ts';
import { RevocationBook, type Revocation } from '../../src/domain/revocation-book.ts';
import { createRevocations, type RevocationNetwork, type RevocationRepository } from '../../src/domain/revocations.ts';
import { createRevocationRepository } from '../../src/persistence/revocations.ts';

const AT = 1_800_000_000_500;
const actor = { userId: 'root', remoteAddress: null };
const holder = (fields: Partial<Identity> = {}): Identity => ({ userId: 'anna', roles: [], sources: [], expiresAt: AT + 3_600_000, issuedAt: AT - 60_000, tokenId: 't1', ...fields });
const ofUser = (subject: string, since = AT): Revocation => ({ kind: 'user', subject, since, expiresAt: null });
const ofToken = (subject: string, expiresAt: number | null = AT + 1_000): Revocation => ({ kind: 'token', subject, since: AT, expiresAt });

describe('the book of revocations', () => {
  it('hits what a user got up to the second of the revocation, and what does not say when it was issued', () => {
    const book = new RevocationBook();
    book.learn(ofUser('anna'));
    const at = (issuedAt: number): boolean => book.isRevoked(holder({ issuedAt }));
    expect([AT - 60_000, AT - 500, AT, AT + 499, AT + 500].map(at)).toEqual([true, true, true, true, false]);
    const { issuedAt: _none, ...undated } = holder();
    expect(book.isRevoked(undated)).toBe(true);
    expect(book.isRevoked(holder({ userId: 'ben' }))).toBe(false);
  });

  it('hits one token, and no user of the same name', () => {
    const book = new RevocationBook();
    book.learn(ofToken('t1'));
    expect([holder(), holder({ tokenId: 't2' }), holder({ userId: 't1', tokenId: 'x' })].map((identity) => book.isRevoked(identity))).toEqual([true, false, false]);
  });

  it('goes by the latest revocation of a user, in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 10_000 }), { minLength: 1 }), fc.nat({ max: 10_000 }), (times, issued) => {
        const book = new RevocationBook();
        for (const time of times) book.learn(ofUser('anna', time * 1_000));
        expect(book.isRevoked(holder({ issuedAt: issued * 1_000 }))).toBe(issued <= Math.max(...times));
      }),
    );
  });

  it('forgets tokens that ended, and the oldest when it is full, and says so', () => {
    const book = new RevocationBook(2);
    book.learn(ofToken('t1', AT + 1));
    book.prune(AT + 1);
    expect([book.size, book.complete]).toEqual([0, true]);
    for (const user of ['a', 'b', 'c']) book.learn(ofUser(user));
    expect([book.size, book.complete]).toEqual([2, false]);
    expect(['a', 'b', 'c'].map((userId) => book.isRevoked(holder({ userId })))).toEqual([false, true, true]);
  });
});

describe('revocations of several nodes', () => {
  let database: DatabaseHandle;
  let bus: Bus;
  let repository: RevocationRepository;

  beforeAll(async () => {
    const { url, drop } = await createTestDatabase();
    database = openDatabase(url, { max: 4, log: silentLog });
    bus = await openTestBus(database);
    repository = createRevocationRepository(database.db, bus);
    return async () => {
      await bus.close();
      await database.stop();
      await drop();
    };
  });

  /** A node whose messages to others are lost. */
  async function node(book?: RevocationBook) {
    const open = new Set<Identity>();
    const revocations = createRevocations({ repository, log: silentLog, pollMs: 20, ...(book === undefined ? {} : { book }) });
    let hear: (revocation: Revocation) => void = () => undefined;
    const network: RevocationNetwork = {
      announce: (revocation) => hear(revocation),
      onAnnounced(listener) {
        hear = listener;
        return () => undefined;
      },
      disconnectWhere(fits) {
        for (const identity of open) if (fits(identity)) open.delete(identity);
      },
    };
    const { stop } = await startServices([revocations.service(network)], { log: silentLog });
    onTestFinished(async () => void (await stop()));
    return { revocations, open };
  }

  it('reach a node that was told nothing, by the table', async () => {
    const [one, two] = [await node(), await node()];
    const identity = holder({ userId: 'lost', issuedAt: Date.now() - 5_000 });
    two.open.add(identity);
    await one.revocations.revokeUser('lost', { actor });
    expect(await one.revocations.isRevoked(identity)).toBe(true);
    await waitFor(() => two.open.size === 0);
    expect(await two.revocations.isRevoked(identity)).toBe(true);
  });

  it('are looked up where the book cannot hold them all', async () => {
    const { revocations } = await node(new RevocationBook(1));
    for (const user of ['x1', 'x2', 'x3']) await revocations.revokeUser(user, { actor });
    await revocations.revokeToken('xt', { actor, expiresAt: Date.now() + 60_000 });
    const old = { issuedAt: Date.now() - 5_000 };
    for (const identity of [holder({ ...old, userId: 'x1' }), holder({ ...old, userId: 'x3' }), holder({ ...old, userId: 'y', tokenId: 'xt' })]) {
      expect(await revocations.isRevoked(identity)).toBe(true);
    }
    expect(await revocations.isRevoked(holder({ userId: 'x1', issuedAt: Date.now() + 2_000 }))).toBe(false);
  });

  it('told by the bus late spare what the user got since, twice changes nothing, and none is from the future', async () => {
    const { revocations } = await node();
    const then = Date.now() - 60_000;
    const event = { event_type: 'user.revoked', event_id: crypto.randomUUID(), timestamp: new Date(then).toISOString(), source: 'backend', payload: { user_id: 'late' } } as const;
    for (let time = 0; time < 2; time += 1) await revocations.onUserRevoked(event);
    const issued = (issuedAt: number) => revocations.isRevoked(holder({ userId: 'late', issuedAt }));
    expect([await issued(then - 1_000), await issued(then + 2_000)]).toEqual([true, false]);
    await revocations.onUserRevoked({ ...event, timestamp: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await issued(Date.now() + 2_000)).toBe(false);
  });

  it('of tokens are removed from the table when they ended', async () => {
    const { revocations } = await node();
    await revocations.revokeToken('ended', { actor, expiresAt: Date.now() - 1 });
    await revocations.revokeToken('lasting', { actor, expiresAt: null });
    await repository.removeExpired();
    const left = (await database.db.select({ subject: table.subject }).from(table)).map(({ subject }) => subject);
    expect(left).not.toContain('ended');
    expect(left).toContain('lasting');
  });
});

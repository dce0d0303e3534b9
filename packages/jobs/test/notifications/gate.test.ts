import { describe, expect, it } from 'vitest';
import { silentLog } from '@armoricore/shared/kernel';
import { classify, retryAfterMs, type Rule } from '../../src/notifications/classify.ts';
import { createGate } from '../../src/notifications/gate.ts';
import type { Outcome } from '../../src/notifications/port.ts';
import { createRateLimit } from '../../src/notifications/rate.ts';
import { memoryProvider } from '../support/memory-provider.ts';

const yes = (): Promise<boolean> => Promise.resolve(true);
function gateOf({ perSecond = 1_000, misconfiguredMs = 50 } = {}) {
  const provider = memoryProvider<string, string>('fcm');
  return { provider, gate: createGate(provider, { perSecond, misconfiguredMs, log: silentLog }) };
}

describe('a gate', () => {
  it('leaves a provider alone that ails, and one that merely refuses not', async () => {
    const { provider, gate } = gateOf();
    provider.answer = () => ({ kind: 'retry', reason: 'quota', fault: false });
    for (let i = 0; i < 10; i++) await gate.send('a', 'm', yes);
    expect(gate.breaker.state).toBe('closed');
    provider.answer = () => ({ kind: 'retry', reason: 'UNAVAILABLE', fault: true });
    const kinds = [];
    for (let i = 0; i < 8; i++) kinds.push((await gate.send('a', 'm', yes))?.kind);
    expect(kinds).toEqual([...Array(5).fill('retry'), ...Array(3).fill('held')]);
    expect(provider.received).toHaveLength(15);
    expect(await gate.send('a', 'm', yes)).toMatchObject({ kind: 'held', reason: 'breaker_open', afterMs: expect.any(Number) });
  });

  it('stops for wrong credentials, lets one go to see, and opens when they are right', async () => {
    const { provider, gate } = gateOf();
    provider.answer = () => ({ kind: 'misconfigured', reason: 'UNAUTHENTICATED' });
    await gate.send('a', 'm', yes);
    expect(await gate.send('a', 'm', yes)).toMatchObject({ kind: 'held', reason: 'misconfigured' });
    expect(gate.misconfigured()).toBe('UNAUTHENTICATED');
    expect(() => gate.service.ready?.()).toThrow(/UNAUTHENTICATED/);
    await new Promise((resolve) => setTimeout(resolve, 60));
    provider.answer = () => ({ kind: 'sent' });
    expect(await Promise.all([gate.send('a', 'm', yes), gate.send('b', 'm', yes)])).toMatchObject([{ kind: 'sent' }, { kind: 'held' }]);
    expect(await gate.send('a', 'm', yes)).toEqual({ kind: 'sent' });
    expect(gate.misconfigured()).toBeNull();
    expect(() => gate.service.ready?.()).not.toThrow();
  });

  it('does not mark what it does not send, and does not send what is not to be', async () => {
    const { provider, gate } = gateOf();
    expect(await gate.send('a', 'm', () => Promise.resolve(false))).toBeNull();
    provider.answer = () => ({ kind: 'misconfigured', reason: 'x' });
    await gate.send('a', 'm', yes);
    let asked = false;
    await gate.send('a', 'm', () => Promise.resolve((asked = true)));
    expect([asked, provider.received.length]).toEqual([false, 1]);
  });

  it('holds a bounded number of calls, at the rate of the provider', async () => {
    const { provider, gate } = gateOf({ perSecond: 10_000 });
    const open = Promise.withResolvers<Outcome>();
    provider.answer = () => open.promise;
    const calls = Array.from({ length: 150 }, () => gate.send('a', 'm', yes));
    await new Promise((resolve) => setImmediate(resolve));
    open.resolve({ kind: 'sent' });
    const kinds = Object.groupBy(await Promise.all(calls), (outcome) => outcome?.kind ?? 'none');
    expect([kinds['sent']?.length, kinds['held']?.length]).toEqual([100, 50]);

    const slow = gateOf({ perSecond: 2 });
    const some = await Promise.all(Array.from({ length: 10 }, () => slow.gate.send('a', 'm', yes)));
    expect(some.filter((outcome) => outcome?.kind === 'sent').length).toBeLessThanOrEqual(4);
    expect(some.find((outcome) => outcome?.kind === 'held')).toMatchObject({ reason: 'rate_limited' });
  });

  it('takes an adapter that throws for one that ails', async () => {
    const { provider, gate } = gateOf();
    provider.answer = () => {
      throw new Error('a bug');
    };
    expect(await gate.send('a', 'm', yes)).toMatchObject({ kind: 'retry', reason: 'internal' });
  });
});

describe('a rate', () => {
  it('lets so many through in the long run', () => {
    let now = 0;
    const rate = createRateLimit(10, () => now);
    const through = () => Array.from({ length: 100 }, () => rate.take(0)).filter((wait) => wait === 0).length;
    expect(through()).toBe(10);
    now += 500;
    expect(through()).toBe(5);
    now += 60_000;
    expect(through()).toBe(10);
    expect(rate.take(150)).toBeCloseTo(100);
    expect(rate.take(150)).toBeNull();
  });
});

describe('a table', () => {
  const table: Rule[] = [{ status: 404, code: 'GONE', outcome: 'drop', onceProven: true }, { status: [500, 599], outcome: 'retry', fault: true }];
  it('takes the first row that matches, and fails what it does not know', () => {
    expect(classify(table, { status: 404, code: 'GONE' })).toEqual({ kind: 'drop', reason: 'GONE' });
    expect(classify(table, { status: 404, code: 'GONE' }, { proven: false })).toEqual({ kind: 'fail', reason: 'GONE' });
    expect(classify(table, { status: 404 })).toEqual({ kind: 'fail', reason: 'status_404' });
    expect(classify(table, { status: 599, retryAfterMs: 5 })).toEqual({ kind: 'retry', reason: 'status_599', afterMs: 5, fault: true });
    expect(classify(table, {})).toEqual({ kind: 'fail', reason: 'no_answer' });
  });

  it.each([['7', 7_000], ['0', 0], ['Wed, 21 Oct 2026 07:28:00 GMT', 60_000], ['Wed, 21 Oct 2020 07:28:00 GMT', 0], ['soon', undefined], ['', undefined], [undefined, undefined], ['-1', undefined]])('reads Retry-After %j', (header, ms) => {
    const now = Date.parse('2026-10-21T07:27:00Z');
    const got = retryAfterMs(header, now);
    if (header === '-1') expect(got === undefined || got >= 0).toBe(true);
    else expect(got).toBe(ms);
  });
});

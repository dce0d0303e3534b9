import { describe, expect, it } from 'vitest';
import { AppError, createBreaker, type BreakerState } from '../../src/kernel/index.ts';

const OPEN_MS = 50;
const fail = (error: Error) => () => Promise.reject(error);

/** Calls until the breaker is no longer open. */
async function untilBack(call: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const refused = await call().then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
    if (!(refused instanceof AppError && refused.code === 'unavailable')) return refused;
  }
}

describe('a circuit breaker', () => {
  it('opens after so many failures in a row and refuses without calling, saying when to come back', async () => {
    const breaker = createBreaker('storage', { failures: 3, openMs: 60_000 });
    for (let i = 0; i < 2; i++) await expect(breaker.execute(fail(new Error('down')))).rejects.toThrow('down');
    expect(await breaker.execute(async () => 'up')).toBe('up');
    for (let i = 0; i < 3; i++) await expect(breaker.execute(fail(new Error('down')))).rejects.toThrow('down');
    expect(breaker.state).toBe('open');
    let calls = 0;
    const refused = await breaker.execute(async () => calls++).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable', details: { service: 'storage', retry_after_ms: expect.any(Number) } });
    expect((refused as AppError).details['retry_after_ms']).toBeGreaterThan(50_000);
    expect(calls).toBe(0);
  });

  it('lets one call try after a while, and closes when it succeeds', async () => {
    const states: BreakerState[] = [];
    const breaker = createBreaker('storage', { failures: 1, openMs: OPEN_MS });
    const stop = breaker.onChange((state) => states.push(state));
    await expect(breaker.execute(fail(new Error('down')))).rejects.toThrow('down');
    expect(await untilBack(() => breaker.execute(fail(new Error('still down'))))).toMatchObject({ message: 'still down' });
    expect(breaker.state).toBe('open');
    expect(await untilBack(() => breaker.execute(async () => 'up'))).toEqual({ value: 'up' });
    expect(states).toEqual(['open', 'half_open', 'open', 'half_open', 'closed']);
    stop();
    await expect(breaker.execute(fail(new Error('down')))).rejects.toThrow('down');
    expect(states).toHaveLength(5);
  });

  it('counts only what the service is to blame for', async () => {
    const breaker = createBreaker('storage', { failures: 1 });
    const aborted = Object.assign(new Error('stopped'), { name: 'AbortError' });
    for (const error of [new AppError('not_found'), new AppError('invalid_key'), aborted]) {
      await expect(breaker.execute(fail(error))).rejects.toBe(error);
      expect(breaker.state).toBe('closed');
    }
    await expect(breaker.execute(fail(new AppError('insufficient_storage')))).rejects.toMatchObject({ code: 'insufficient_storage' });
    expect(breaker.state).toBe('open');
  });
});

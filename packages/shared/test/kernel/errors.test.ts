import { describe, expect, it } from 'vitest';
import { AppError, describeError, ERRORS, toAppError } from '../../src/kernel/index.ts';

describe('an error of the table', () => {
  it('carries its status, its class, whether to retry, and the body for its caller', () => {
    const error = new AppError('rate_limited', { retry_after_ms: 10 });
    expect([error.status, error.class, error.retryable, error.message]).toEqual([429, 'transient', true, 'Too many requests.']);
    expect([new AppError('encoder_failed').retryable, new AppError('not_found').retryable]).toEqual([true, false]);
    expect(error.toJSON()).toEqual({ reason: 'rate_limited', message: 'Too many requests.', retry_after_ms: 10 });
  });

  it('keeps its reason whatever its details say', () => {
    expect(new AppError('not_found', { reason: 'mine', message: 'mine' }).toJSON()).toEqual({ reason: 'not_found', message: ERRORS.not_found.message });
  });

  it('takes another message and a cause, and tells the cause to no caller', () => {
    const error = new AppError('unavailable', {}, { message: 'No bus.', cause: new Error('password is x') });
    expect(JSON.stringify(error)).toBe('{"reason":"unavailable","message":"No bus."}');
    expect(describeError(error)).toBe('No bus.: password is x');
  });
});

describe('anything thrown', () => {
  it('becomes internal unless it is an AppError', () => {
    const known = new AppError('not_found');
    expect(toAppError(known)).toBe(known);
    for (const thrown of [new Error('x'), 'text', null, 7]) expect(toAppError(thrown)).toMatchObject({ code: 'internal', cause: thrown });
    expect(toAppError(undefined).code).toBe('internal');
  });

  it('can be described in one line', () => {
    expect([new Error('a', { cause: new Error('b', { cause: 'c' }) }), 'text', undefined].map(describeError)).toEqual(['a: b: c', 'text', 'undefined']);
  });
});

describe('the error table', () => {
  it('has codes of one form and statuses of errors', () => {
    for (const [code, { status, message }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(message).toMatch(/^[A-Z].*\.$/);
    }
  });
});

import { expect, it } from 'vitest';
import { outcomeInWords, type LoggedCall } from '../../src/calls/log.ts';
import { troubleOf } from '../../src/calls/rtc/device-trouble.ts';
import type { EndReason, Role } from '../../src/calls/state/call.ts';
import { durationInWords, overInWords } from '../../src/calls/words.ts';

it('says to each of the two how the call ended', () => {
  const said = (role: Role, ended: EndReason, endedBy: string | null): string =>
    overInWords({ peerId: 'bob', type: 'audio', role, why: { ended, endedBy }, durationMs: null }, 'ann');
  expect(said('caller', 'hangup', 'ann')).toBe('You hung up.');
  expect(said('callee', 'hangup', 'bob')).toBe('bob hung up.');
  expect(said('caller', 'rejected', 'bob')).toBe('bob declined the call.');
  expect(said('callee', 'cancelled', 'bob')).toBe('bob stopped calling.');
  expect(said('caller', 'missed', null)).toBe('bob did not answer.');
  expect(said('callee', 'missed', null)).toBe('You missed a call of bob.');
  expect(said('caller', 'dropped', 'bob')).toBe('bob lost the connection and did not come back.');
  expect(said('caller', 'dropped', 'ann')).toBe('Your connection was lost for too long.');
});

it('says how long something took', () => {
  expect([0, 65_999, 3_665_000, -5].map(durationInWords)).toEqual(['0:00', '1:05', '1:01:05', '0:00']);
});

it('says in the log what became of a call', () => {
  const entry = (fields: Partial<LoggedCall>): LoggedCall => ({
    call_id: 'c1',
    type: 'audio',
    state: 'ended',
    caller_id: 'ann',
    callee_id: 'bob',
    direction: 'outgoing',
    reason: 'missed',
    created_at: '2026-11-21T04:00:00.000Z',
    duration_ms: null,
    ...fields,
  });
  const said = (fields: Partial<LoggedCall>): string => outcomeInWords(entry(fields), durationInWords);
  expect(said({})).toBe('No answer');
  expect(said({ direction: 'incoming' })).toBe('Missed');
  expect(said({ direction: 'incoming', reason: 'busy' })).toBe('Missed');
  expect(said({ reason: 'cancelled' })).toBe('Cancelled');
  expect(said({ reason: 'hangup', duration_ms: 65_000 })).toBe('1:05');
  expect(said({ state: 'active', reason: null })).toBe('Under way');
});

it('knows what a browser’s refusal of a device means', () => {
  const whyOf = (name: string): string => troubleOf('camera', new DOMException('', name)).why;
  expect(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'SecurityError'].map(whyOf)).toEqual(['refused', 'missing', 'taken', 'failed']);
  expect(troubleOf('screen', new TypeError('no function')).why).toBe('failed');
});

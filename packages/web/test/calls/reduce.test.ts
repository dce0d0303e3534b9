import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noCalls, type CallEvent, type Calls, type CallView, type EndReason } from '../../src/calls/state/call.ts';
import { reduce } from '../../src/calls/state/reduce.ts';

const after = (...events: CallEvent[]): Calls => events.reduce(reduce, noCalls('ann'));
const view = (fields: Partial<CallView> = {}): CallView => ({
  callId: 'c1',
  type: 'video',
  state: 'ringing',
  callerId: 'ann',
  calleeId: 'bob',
  role: 'caller',
  peerConnected: true,
  answeredAt: null,
  ...fields,
});

const placed: CallEvent = { type: 'placed', peerId: 'bob', callType: 'video' };
const named: CallEvent = { type: 'named', callId: 'c1', role: 'caller' };
const incoming: CallEvent = { type: 'incoming', call: { callId: 'c2', callerId: 'cid', type: 'audio' } };
const answered = (now: number): CallEvent => ({ type: 'answered', now });
const ended = (callId: string, reason: EndReason, now = 9_000): CallEvent => ({ type: 'ended', ended: { callId, reason, endedBy: 'bob' }, now });

describe('a call that this page makes', () => {
  it('rings, is answered once, and is over with how long it lasted', () => {
    expect(after(placed).call).toMatchObject({ phase: 'placing', peerId: 'bob', role: 'caller', callId: null });
    expect(after(placed, named).call).toMatchObject({ phase: 'calling', callId: 'c1' });
    const active = after(placed, named, answered(1_000), answered(2_000), { type: 'link', state: 'connected' });
    expect(active.call).toMatchObject({ phase: 'active', activeSince: 1_000, link: 'connected' });
    const over = reduce(active, ended('c1', 'hangup'));
    expect(over.call).toBeNull();
    expect(over.over).toMatchObject({ peerId: 'bob', durationMs: 8_000, why: { ended: 'hangup', endedBy: 'bob' } });
    expect(reduce(over, ended('c1', 'dropped'))).toEqual(over);
  });

  it('is the other one’s call when both call each other', () => {
    const crossed = after(placed, { type: 'incoming', call: { callId: 'c1', callerId: 'bob', type: 'audio' } }, { type: 'named', callId: 'c1', role: 'callee' });
    expect(crossed.call).toMatchObject({ phase: 'calling', role: 'callee' });
    const joined = reduce(crossed, { type: 'joined', view: view({ role: 'callee', callerId: 'bob', calleeId: 'ann', state: 'active' }), now: 5 });
    expect(joined.call).toMatchObject({ phase: 'active', role: 'callee', activeSince: 5 });
  });

  it('ends as what it was when one hangs up', () => {
    const reasonOf = (...events: CallEvent[]): unknown => after(...events, { type: 'left', now: 5 }).over?.why;
    expect(reasonOf(placed)).toEqual({ ended: 'cancelled', endedBy: 'ann' });
    expect(reasonOf(placed, named, answered(1))).toEqual({ ended: 'hangup', endedBy: 'ann' });
    expect(reasonOf(incoming)).toEqual({ ended: 'rejected', endedBy: 'ann' });
  });

  it('is not touched by what happens to other calls', () => {
    const active = after(placed, named, answered(1));
    expect(reduce(active, ended('c0', 'missed'))).toEqual(active);
    expect(reduce(active, incoming)).toEqual(active);
    expect(reduce(active, placed)).toBe(active);
    expect(reduce(active, { type: 'joined', view: view({ callId: 'c0' }), now: 1 })).toBe(active);
    const over = reduce(active, ended('c1', 'hangup'));
    expect(reduce(over, { type: 'joined', view: view({ state: 'active' }), now: 1 })).toBe(over);
    expect(after(placed, answered(1)).call?.phase).toBe('placing');
  });

  it('waits for who is away, and knows at once that the other one is when it comes back', () => {
    const active = after(placed, named, answered(1_000));
    expect(reduce(active, { type: 'peer_away', away: true }).call?.peerAway).toBe(true);
    const lost = reduce(active, { type: 'away' });
    expect(lost.call).toMatchObject({ away: true, phase: 'active' });
    const back = reduce(lost, { type: 'joined', view: view({ state: 'active', peerConnected: false, answeredAt: new Date(0).toISOString() }), now: 9_000 });
    expect(back.call).toMatchObject({ away: false, peerAway: true, activeSince: 1_000 });
  });
});

describe('a call that rings here', () => {
  it('rings on when there is no microphone to answer with', () => {
    const state = after(incoming, { type: 'answering' }, { type: 'trouble', trouble: { device: 'microphone', why: 'refused' } });
    expect(state.call?.phase).toBe('incoming');
    expect(state.trouble).toEqual({ device: 'microphone', why: 'refused' });
    const blind = after(incoming, { type: 'answering' }, { type: 'trouble', trouble: { device: 'camera', why: 'taken' } });
    expect(blind.call?.phase).toBe('answering');
  });

  it('rings no more when it was over while the connection was lost', () => {
    const rings = view({ callId: 'c2', role: 'callee', callerId: 'cid', calleeId: 'ann' });
    expect(after(incoming, { type: 'current', view: rings }).call?.phase).toBe('incoming');
    expect(after(incoming, { type: 'current', view: null }).call).toBeNull();
    const elsewhere = after(incoming, { type: 'current', view: { ...rings, state: 'active' } });
    expect(elsewhere).toMatchObject({ call: null, elsewhere: { callId: 'c2' } });
  });
});

it('offers a call that goes on elsewhere, until that has ended', () => {
  const active = view({ state: 'active' });
  expect(after({ type: 'current', view: active }).elsewhere).toEqual(active);
  expect(after(placed, named, { type: 'current', view: active }).elsewhere).toBeNull();
  expect(after({ type: 'current', view: active }, ended('c1', 'hangup')).elsewhere).toBeNull();
});

const id = fc.constantFrom('c1', 'c2');
const anyEvent: fc.Arbitrary<CallEvent> = fc.oneof(
  fc.constantFrom<CallEvent>(placed, incoming, { type: 'answering' }, { type: 'away' }, { type: 'dismissed' }, { type: 'peer_away', away: true }),
  fc.record({ type: fc.constant('named' as const), callId: id, role: fc.constantFrom('caller' as const, 'callee' as const) }),
  fc.nat(1_000).map(answered),
  fc.nat(1_000).map((now): CallEvent => ({ type: 'left', now })),
  fc.tuple(id, fc.constantFrom<EndReason>('hangup', 'missed', 'answered_elsewhere'), fc.nat(1_000)).map(([callId, reason, now]) => ended(callId, reason, now)),
  fc.record({ type: fc.constant('refused' as const), refusal: fc.constant({ reason: 'busy' }), now: fc.nat(1_000) }),
  fc.tuple(id, fc.constantFrom('ringing' as const, 'active' as const), fc.nat(1_000)).map(
    ([callId, state, now]): CallEvent => ({ type: 'joined', view: view({ callId, state }), now }),
  ),
  fc.option(fc.tuple(id, fc.constantFrom('ringing' as const, 'active' as const))).map(
    (known): CallEvent => ({ type: 'current', view: known === null ? null : view({ callId: known[0], state: known[1] }) }),
  ),
);

it('is never stuck: whatever happened, hanging up ends it, and only an answered call has a duration', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
      const state = after(...events);
      if (state.call !== null) {
        expect(state.call.phase === 'active').toBe(state.call.activeSince !== null);
        if (state.call.phase !== 'placing') expect(state.call.callId).not.toBeNull();
      }
      if (state.over?.durationMs !== null && state.over !== null) expect(state.over.durationMs).toBeGreaterThanOrEqual(0);
      expect(reduce(state, { type: 'left', now: 2_000 }).call).toBeNull();
    }),
    { numRuns: 2_000 },
  );
});

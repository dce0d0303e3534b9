import { expect, expectTypeOf, it } from 'vitest';
import type { CallEnded, CallLogEntry, CallView, HuddleEntry, HuddleView, IncomingCall, ParticipantView, ReelComment, ReelCounters, ReelUpdate } from '../../../realtime/src/contracts/index.ts';
import { ERRORS } from '../../../shared/src/kernel/index.ts';
import type { LoggedCall } from '../../src/calls/log.ts';
import type * as Page from '../../src/calls/state/call.ts';
import { overInWords } from '../../src/calls/words.ts';
import type { ListedHuddle } from '../../src/huddles/list.ts';
import type * as Huddles from '../../src/huddles/state/huddle.ts';
import { huddleRefusalInWords } from '../../src/huddles/words.ts';
import type * as Reels from '../../src/reels/state/reel.ts';

it('the page knows calls, huddles and reels as the server sends them', () => {
  expectTypeOf<CallView>().toExtend<Page.CallView>();
  expectTypeOf<IncomingCall>().toExtend<Page.IncomingCall>();
  expectTypeOf<CallEnded>().toExtend<Page.CallEnded>();
  expectTypeOf<CallLogEntry>().toExtend<LoggedCall>();
  expectTypeOf<ParticipantView>().toExtend<Huddles.Participant>();
  expectTypeOf<HuddleView>().toExtend<Huddles.HuddleView>();
  expectTypeOf<HuddleEntry>().toExtend<ListedHuddle>();
  expectTypeOf<ReelCounters>().toExtend<Reels.Counters>();
  expectTypeOf<ReelComment>().toExtend<Reels.Comment>();
  expectTypeOf<ReelUpdate>().toExtend<Reels.Update>();
});

it('the page has words of its own for the refusals of calls and huddles', () => {
  const unknown = 'Something went wrong on the server.';
  for (const reason of ['busy', 'already_in_call', 'call_ended', 'answered_elsewhere', 'forbidden', 'not_found']) {
    expect(ERRORS).toHaveProperty(reason);
    expect(overInWords({ peerId: 'bob', type: 'audio', role: 'caller', why: { refused: { reason } }, durationMs: null }, 'ann')).not.toBe(unknown);
  }
  for (const reason of ['huddle_full', 'huddle_ended', 'not_found', 'forbidden', 'rate_limited', 'unavailable', 'overloaded']) {
    expect(ERRORS).toHaveProperty(reason);
    expect(huddleRefusalInWords({ reason })).not.toBe(unknown);
  }
});

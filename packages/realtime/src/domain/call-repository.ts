import type { CallLogEntry } from '../contracts/calls.ts';
import type { Call, CallRequest } from './call-machine.ts';
import type { Placement } from './call-placement.ts';
import type { Page } from './page.ts';

/**
 * Where calls are kept. Each change is one transaction that holds the rows of the call; `now` is the database's. A call that
 * ends without an answer asks for a notification of its callee in the same transaction.
 */
export interface CallRepository {
  /** Decides on a request, given the calls that the two are in, and writes it. */
  place(request: CallRequest, decide: (open: readonly Call[], now: number) => Placement): Promise<Placement>;
  /** Null when there is no such call. */
  change(callId: string, step: (call: Call, now: number) => Call): Promise<{ before: Call; after: Call } | null>;
  read(callId: string): Promise<Call | null>;
  versions(callIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The call that a user is in. */
  openOf(userId: string): Promise<Call | null>;
  /** Puts off the end of sessions. */
  renew(sessions: readonly string[]): Promise<void>;
  /** Calls of which something is due: a time-out, or the question whether the callee needs a push. */
  due(limit: number): Promise<{ timedOut: string[]; pushes: { callId: string; calleeId: string }[] }>;
  /** Asks once for a push to the callee of a call that rings, if it is `wanted`. */
  settlePush(callId: string, options: { wanted: boolean }): Promise<void>;
  shareConversation(one: string, other: string): Promise<boolean>;
  /** The newest first. */
  log(userId: string, page: Page): Promise<{ calls: CallLogEntry[]; next: string | null }>;
}

import { signal } from '@preact/signals';
import { call } from '../api.ts';
import type { CallType, EndReason } from './state/call.ts';

/** An item of `GET /calls`. */
export interface LoggedCall {
  call_id: string;
  type: CallType;
  state: 'ringing' | 'active' | 'ended';
  caller_id: string;
  callee_id: string;
  direction: 'outgoing' | 'incoming';
  reason: Exclude<EndReason, 'answered_elsewhere'> | null;
  created_at: string;
  duration_ms: number | null;
}

const SHOWN = 30;

/** The latest calls of this user, newest first; null until they are known. */
export const log = signal<readonly LoggedCall[] | null>(null);

let reading = 0;

/** Reads it anew. What is shown stays while the server cannot be asked. */
export async function readLog(): Promise<void> {
  const mine = (reading += 1);
  try {
    const page = await call<{ calls: LoggedCall[] }>('GET', `/calls?limit=${SHOWN}`);
    if (mine === reading) log.value = page.calls;
  } catch (error) {
    console.warn('The log of calls could not be read.', error);
  }
}

/** Another user, or none. */
export function forgetLog(): void {
  reading += 1;
  log.value = null;
}

/** What became of a call: `Missed`, `No answer`, or how long it was. */
export function outcomeInWords({ direction, reason, state, duration_ms }: LoggedCall, duration: (ms: number) => string): string {
  if (state !== 'ended') return state === 'active' ? 'Under way' : 'Ringing';
  if (duration_ms !== null) return duration(duration_ms);
  if (reason === 'busy') return direction === 'outgoing' ? 'Busy' : 'Missed';
  if (reason === 'rejected') return 'Declined';
  if (direction === 'incoming') return 'Missed';
  return reason === 'cancelled' ? 'Cancelled' : 'No answer';
}

import { computed, signal } from '@preact/signals';
import type { CallSession } from './session.ts';
import { noCalls, type CallEvent } from './state/call.ts';
import { reduce } from './state/reduce.ts';

export const calls = signal(noCalls(''));

/** What the call of this page runs on: devices, channel, connection. Null while there is none. */
export const session = signal<CallSession | null>(null);

/** Whether a call rings here. */
export const ringing = computed(() => calls.value.call?.phase === 'incoming');

export function dispatch(event: CallEvent): void {
  calls.value = reduce(calls.peek(), event);
}

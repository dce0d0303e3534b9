import { signal } from '@preact/signals';
import type { HuddleSession } from './session.ts';
import { noHuddles, type HuddleEvent } from './state/huddle.ts';
import { reduce } from './state/reduce.ts';

export const huddles = signal(noHuddles(''));

/** What the huddle of this page runs on: devices, channel, connections. Null while there is none. */
export const session = signal<HuddleSession | null>(null);

export function dispatch(event: HuddleEvent): void {
  huddles.value = reduce(huddles.peek(), event);
}

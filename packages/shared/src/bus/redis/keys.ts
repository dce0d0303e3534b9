import type { EventSource } from '../../events/index.ts';

/** What a bus makes in Redis. The braces keep all keys of the log in one slot, so that one script may touch them. */
export interface BusKeys {
  /** The log: one stream. */
  events: string;
  /** How many events were ever published. */
  published: string;
  /** Channel on which the type of each new event is told. */
  wake: string;
  /** Digest of an event that was published. */
  digestOf(eventId: string): string;
  /** The state of a group, in the order in which STATE (state.ts) unpacks it. */
  ofGroup(group: string): string[];
  /** Where a source puts its events: the one key that other systems write to. */
  inbound(source: EventSource): string;
  /** Who takes in what a source puts there; in the slot of that stream. */
  inboundLease(source: EventSource): string;
}

const GROUP_STATE = ['types', 'waiting', 'ready', 'held', 'leases', 'entries', 'attempts', 'later', 'replays', 'read'] as const;
const NAME = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** @throws TypeError when a part of a key has other characters than names have */
export function keysOf(namespace: string): BusKeys {
  const root = `{${checked(namespace)}}`;
  const events = `${root}:events`;
  return {
    events,
    published: `${root}:published`,
    wake: `${root}:wake`,
    digestOf: (eventId) => `${root}:id:${checked(eventId)}`,
    ofGroup: (group) => [events, ...GROUP_STATE.map((part) => `${root}:group:${checked(group)}:${part}`)],
    inbound: (source) => `${namespace}:in:${checked(source)}`,
    inboundLease: (source) => `{${namespace}:in:${checked(source)}}:lease`,
  };
}

function checked(name: string): string {
  if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} cannot be part of a key; allowed: ${NAME.source}`);
  return name;
}

import { createHash } from 'node:crypto';
import { EVENT_SOURCES, type EventSource } from '../../events/index.ts';
import { assertGroup } from '../subscription.ts';

/**
 * Events with the same key share a lane, and a group handles one event of a lane at a time: the order of each key. Every
 * process has to count the same number of lanes, for good.
 */
export const LANES = 16;

/** What may stand in a subject between two dots. */
const TOKEN = /^[A-Za-z0-9_-]+$/;

export type NatsNames = ReturnType<typeof natsNames>;

/** The names of everything in the broker, below one namespace. */
export function natsNames(namespace: string) {
  assertToken(namespace);
  return {
    events: `${namespace}-events`,
    eventSubjects: `${namespace}.events.>`,
    laneSubjects: (lane: number) => `${namespace}.events.${lane}.>`,
    eventSubject: (lane: number, type: string) => `${namespace}.events.${lane}.${assertTokens(type)}`,
    typeOf: (subject: string) => subject.split('.').slice(3).join('.'),
    laneConsumer: (group: string, lane: number) => `${groupName(group)}-${lane}`,
    inbound: `${namespace}-in`,
    inboundSubjects: EVENT_SOURCES.map((source) => `${namespace}.in.${source}.>`),
    sourceSubjects: (source: EventSource) => `${namespace}.in.${source}.>`,
    sourceConsumer: (source: EventSource) => `intake-${source}`,
    /** Says that a lane may have something to do, to the group in the body or to all. */
    wake: (lane: number) => `${namespace}.wake.${lane}`,
    wakes: `${namespace}.wake.*`,
  };
}

export function laneOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0) % LANES;
}

export function allLanes(): number[] {
  return Array.from({ length: LANES }, (_, lane) => lane);
}

/** The group as part of a consumer's name, which has no dots; `~` is in no group. @throws TypeError */
function groupName(group: string): string {
  return assertGroup(group).replaceAll('.', '~');
}

function assertTokens(text: string): string {
  text.split('.').forEach(assertToken);
  return text;
}

function assertToken(text: string): void {
  if (!TOKEN.test(text)) throw new TypeError(`${JSON.stringify(text)} cannot be part of a subject`);
}

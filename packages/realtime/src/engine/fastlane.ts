import { volatileKey, type Frame, type Payload } from './message.ts';
import type { Broadcast, PubSub } from './pubsub/port.ts';
import type { PresenceAudience, PresenceFetch } from './presence/tracker.ts';
import type { Serializer } from './serializer/serializer.ts';

/** One subscriber of a topic on this node. */
export interface Member {
  /** Whether it is the one that `Broadcast.except` names. */
  is(id: string): boolean;
  readonly serializer: Serializer;
  /** Adds what clients need to presences. The members of a topic are of one mind about it. */
  readonly fetchPresence: PresenceFetch | undefined;
  /** Whether broadcasts of this event go through `intercepted` instead of straight to the client. */
  intercepts(event: string): boolean;
  intercepted(event: string, payload: Payload): void;
  /** Whether only the latest broadcast of this event counts. The members of a topic are of one mind about it. */
  isVolatile(event: string): boolean;
  send(frame: Frame): void;
}

/**
 * The members of each topic on this node. A broadcast is encoded once per serializer, and the same frame is handed to
 * every member; only intercepted events enter the channels.
 */
export class Fastlane implements PresenceAudience {
  readonly #topics = new Map<string, { members: Set<Member>; unsubscribe: () => void }>();
  readonly #pubsub: PubSub;
  readonly #onCrash: (where: string, thrown: unknown) => void;

  /** @param onCrash told of broadcasts that cannot be encoded (a cycle, a bigint …): nobody gets those */
  constructor(pubsub: PubSub, onCrash: (where: string, thrown: unknown) => void) {
    this.#pubsub = pubsub;
    this.#onCrash = onCrash;
  }

  join(topic: string, member: Member): void {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      known.members.add(member);
      return;
    }
    const members = new Set([member]);
    const unsubscribe = this.#pubsub.subscribe(topic, (broadcast) => this.#deliver(broadcast, members));
    this.#topics.set(topic, { members, unsubscribe });
  }

  leave(topic: string, member: Member): void {
    const known = this.#topics.get(topic);
    if (known === undefined || !known.members.delete(member) || known.members.size > 0) return;
    known.unsubscribe();
    this.#topics.delete(topic);
  }

  deliver(broadcast: Broadcast): void {
    const known = this.#topics.get(broadcast.topic);
    if (known !== undefined) this.#deliver(broadcast, known.members);
  }

  fetchOf(topic: string): PresenceFetch | 'as they are' | null {
    for (const member of this.#topics.get(topic)?.members ?? []) return member.fetchPresence ?? 'as they are';
    return null;
  }

  #deliver(broadcast: Broadcast, members: Set<Member>): void {
    try {
      deliver(broadcast, members);
    } catch (thrown) {
      this.#onCrash(`broadcast ${broadcast.topic}`, thrown);
    }
  }

  /** Members of a topic on this node. */
  count(topic: string): number {
    return this.#topics.get(topic)?.members.size ?? 0;
  }
}

function deliver(broadcast: Broadcast, members: Set<Member>): void {
  const { event, payload, except } = broadcast;
  let v1: Frame | null | undefined;
  let v2: Frame | null | undefined;
  for (const member of members) {
    if (except !== undefined && member.is(except)) continue;
    if (member.intercepts(event)) {
      member.intercepted(event, payload);
      continue;
    }
    const frame = member.serializer.version === 2 ? (v2 ??= encode(broadcast, member)) : (v1 ??= encode(broadcast, member));
    // Null: bytes cannot reach V1 clients. Phoenix crashes the broadcaster; here only those clients miss the event.
    if (frame !== null) member.send(frame);
  }
}

function encode({ topic, event, payload }: Broadcast, member: Member): Frame | null {
  const frame = member.serializer.broadcast(topic, event, payload);
  if (frame !== null && member.isVolatile(event)) frame.volatileKey = volatileKey(topic, event);
  return frame;
}

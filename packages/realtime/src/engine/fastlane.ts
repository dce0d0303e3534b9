import { isBinary, volatileKey, type Frame, type Payload } from './message.ts';
import type { Broadcast, PubSub } from './pubsub/port.ts';
import type { PresenceAudience, PresenceFetch } from './presence/tracker.ts';
import type { Serializer } from './serializer/serializer.ts';

/** One subscriber of a topic on this node. */
export interface Member {
  /** The topic that its client joined: broadcasts come under this name. */
  readonly topic: string;
  /** The id of its connection, for `Broadcast.only`. */
  readonly socketId: string | null;
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

  /** @throws TypeError when its members have joined another topic: they share frames, which name it */
  join(topic: string, member: Member): void {
    const known = this.#topics.get(topic);
    if (known !== undefined) {
      const [other] = known.members;
      if (other !== undefined && other.topic !== member.topic) {
        throw new TypeError(`who joined ${JSON.stringify(member.topic)} cannot listen to ${JSON.stringify(topic)}, which is of ${JSON.stringify(other.topic)}`);
      }
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

  /** The topics with the most members on this node, largest first. */
  largest(most: number): { topic: string; members: number }[] {
    const found: { topic: string; members: number }[] = [];
    for (const [topic, { members }] of this.#topics) {
      if (found.length === most && members.size <= found.at(-1)!.members) continue;
      const place = found.findIndex((other) => other.members < members.size);
      found.splice(place === -1 ? found.length : place, 0, { topic, members: members.size });
      if (found.length > most) found.pop();
    }
    return found;
  }
}

function deliver(broadcast: Broadcast, members: Set<Member>): void {
  const { event, payload, except } = broadcast;
  const only = broadcast.only === undefined ? null : new Set(broadcast.only);
  let v1: Frame | null | undefined;
  let v2: Frame | null | undefined;
  /** Bytes for direct connections; their JSON is that of V2. */
  let bare: Frame | null | undefined;
  const bytes = isBinary(payload);
  for (const member of members) {
    if (except !== undefined && member.is(except)) continue;
    if (only !== null && (member.socketId === null || !only.has(member.socketId))) continue;
    if (member.intercepts(event)) {
      member.intercepted(event, payload);
      continue;
    }
    const { version } = member.serializer;
    let frame: Frame | null;
    if (version === 1) frame = v1 ??= encode(broadcast, member);
    else if (version === 'direct' && bytes) frame = bare ??= encode(broadcast, member);
    else frame = v2 ??= encode(broadcast, member);
    // Null: bytes cannot reach V1 clients. Phoenix crashes the broadcaster; here only those clients miss the event.
    if (frame !== null) member.send(frame);
  }
}

function encode({ event, payload }: Broadcast, member: Member): Frame | null {
  const frame = member.serializer.broadcast(member.topic, event, payload);
  if (frame !== null && member.isVolatile(event)) frame.volatileKey = volatileKey(member.topic, event);
  return frame;
}

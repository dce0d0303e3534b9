import type { HuddleEntry } from '../contracts/huddles.ts';
import type { Act } from './audit.ts';
import type { Huddle } from './huddle-machine.ts';

/** Which huddles somebody may see. */
export interface HuddleReader {
  userId: string;
  /** Conversations that the token itself opens. */
  conversations: readonly string[];
  /** Sees all. */
  trusted: boolean;
}

export interface NewHuddle {
  id: string;
  name: string | null;
  conversationId: string | null;
  maxParticipants: number;
  createdBy: string;
}

/** Where huddles are kept. Each change is one transaction that holds the row; `now` is the database's. */
export interface HuddleRepository {
  create(huddle: NewHuddle): Promise<void>;
  /** Null when there is no such huddle. `act` is written down when something changes. */
  change(huddleId: string, step: (huddle: Huddle, now: number) => Huddle, act?: Act): Promise<{ before: Huddle; after: Huddle } | null>;
  read(huddleId: string): Promise<Huddle | null>;
  versions(huddleIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Puts off the end of sessions. */
  renew(sessions: readonly string[]): Promise<void>;
  /** Huddles that somebody is lost from. */
  due(limit: number): Promise<string[]>;
  /** Those that go on: first the ones that somebody is in, then the newest. `before` is a `next` of an earlier page. */
  list(reader: HuddleReader, page: { before?: string | undefined; limit: number }): Promise<{ huddles: HuddleEntry[]; next: string | null }>;
}

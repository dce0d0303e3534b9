/** Something that one joined channel is told. */
export interface News {
  event: string;
  payload: object;
  /** The channel ends with it. */
  last?: boolean;
}

/** A joined channel of this node in a call or huddle. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  tell(news: readonly News[]): void;
}

/** A call or huddle, as it was at some version. */
export interface RoomState {
  readonly id: string;
  readonly version: number;
}

/** To the other nodes; what is published may be lost. */
export interface RoomNetwork {
  publish(roomId: string, message: RoomMessage): void;
  subscribe(roomId: string, listener: (message: RoomMessage) => void): () => void;
}
export type RoomMessage =
  /** The room has changed. */
  | { version: number }
  /** Something for one session, on whatever node it is. */
  | { session: string; news: News };

export interface RoomOptions<State extends RoomState> {
  network: RoomNetwork;
  read(roomId: string): Promise<State | null>;
  versions(roomIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** What a session that knew one state is to be told when it is another. */
  news(before: State, after: State, session: Session): News[];
  /** A session knows a newer state. */
  advanced?(state: State, session: Session): void;
  onError(thrown: unknown): void;
}

interface Room<State> {
  state: State;
  sessions: Map<string, Session>;
  stop(): void;
  reading: Promise<boolean> | null;
}

/** Rooms of one question. */
const AT_ONCE = 1_000;

/**
 * The rooms that somebody on this node has joined, as the database last showed them. Nodes tell each other only that a room has
 * changed; each reads it and tells its sessions the difference. So it does not matter in which order nodes hear of changes,
 * nor, thanks to `check`, whether they do.
 */
export class Rooms<State extends RoomState> {
  readonly #rooms = new Map<string, Room<State>>();
  readonly #options: RoomOptions<State>;

  constructor(options: RoomOptions<State>) {
    this.#options = options;
  }

  /** What is known of a room that this node has sessions in. */
  get(roomId: string): State | undefined {
    return this.#rooms.get(roomId)?.state;
  }

  /** Ids of all sessions of this node. */
  sessions(): string[] {
    return [...this.#rooms.values()].flatMap(({ sessions }) => [...sessions.keys()]);
  }

  /** A session joins that has seen `state`: from here on it is told what is different. */
  enter(session: Session, state: State): void {
    const room = this.#rooms.get(state.id) ?? this.#open(state);
    room.sessions.set(session.id, session); // First: what the others send when they hear of it comes to it.
    this.advance(state, session);
    if (room.state.version > state.version) this.#tell(session, state, room.state);
  }

  leave(roomId: string, session: Session): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined || !room.sessions.delete(session.id) || room.sessions.size > 0) return;
    room.stop();
    this.#rooms.delete(roomId);
  }

  /** A room is as this node has just written it: its sessions and the other nodes are told. */
  changed(state: State): void {
    this.advance(state);
    this.#options.network.publish(state.id, { version: state.version });
  }

  /** Sends something to one session of a room, on any node. */
  send(roomId: string, session: string, news: News): void {
    this.#options.network.publish(roomId, { session, news });
  }

  /** A room is as this node has just read it; one session may know already. */
  advance(state: State, knowing?: Session): void {
    const room = this.#rooms.get(state.id);
    if (room === undefined || state.version <= room.state.version) return;
    const before = room.state;
    room.state = state;
    for (const session of [...room.sessions.values()]) if (session !== knowing) this.#tell(session, before, state);
  }

  /** Reads the rooms that have changed without this node having heard of it. */
  async check(): Promise<void> {
    const ids = [...this.#rooms.keys()];
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const versions = await this.#options.versions(ids.slice(i, i + AT_ONCE));
      await Promise.all([...versions].map(([id, version]) => this.#expect(id, version)));
    }
  }

  #tell(session: Session, before: State, after: State): void {
    const news = this.#options.news(before, after, session);
    if (news.length > 0) session.tell(news);
    this.#options.advanced?.(after, session);
  }

  #open(state: State): Room<State> {
    const stop = this.#options.network.subscribe(state.id, (message) => {
      if ('version' in message) void this.#expect(state.id, message.version).catch(this.#options.onError);
      else this.#rooms.get(state.id)?.sessions.get(message.session)?.tell([message.news]);
    });
    const room = { state, sessions: new Map<string, Session>(), stop, reading: null };
    this.#rooms.set(state.id, room);
    return room;
  }

  async #expect(roomId: string, version: number): Promise<void> {
    let exists = true;
    for (let room = this.#rooms.get(roomId); exists && room !== undefined && room.state.version < version; room = this.#rooms.get(roomId)) {
      room.reading ??= this.#read(room);
      exists = await room.reading;
    }
  }

  async #read(room: Room<State>): Promise<boolean> {
    try {
      const state = await this.#options.read(room.state.id);
      if (state !== null) this.advance(state);
      return state !== null;
    } finally {
      room.reading = null;
    }
  }
}

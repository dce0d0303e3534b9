import { reduce } from '../../../src/chat/state/reduce.ts';
import { newRoom, type Room, type RoomEvent } from '../../../src/chat/state/room.ts';
import { ME, ServerRoom } from './server.ts';

/** Small, so that short histories have joins that are truncated and rooms that begin before their window. */
const PAGE = 4;

/** The page's state of one room, and a connection to its server that can break, repeat itself and be late. */
export class Client {
  room: Room = newRoom('room', ME);
  readonly server = new ServerRoom((event) => this.#told(event));
  #connected = false;
  /** On its way to us. */
  #queue: RoomEvent[] = [];
  /** The answer of the server to a question for a page, not sent yet. */
  #page: RoomEvent | null = null;
  /** All changes that were ever told. */
  readonly #changes: RoomEvent[] = [];
  #names = 0;

  /** @param repeat how many changes before the join are told again after it */
  join(repeat: number): void {
    this.cut();
    this.#connected = true;
    const last = this.room.messages.at(-1)?.seq;
    const reply = this.server.snapshot(last ?? null, PAGE);
    this.#queue = [{ type: 'joined', reply }, ...(repeat === 0 ? [] : this.#changes.slice(-repeat))];
  }

  cut(): void {
    this.#connected = false;
    this.#queue = [];
    this.#page = null;
    this.#dispatch({ type: 'lost' });
  }

  deliver(count: number): void {
    for (const event of this.#queue.splice(0, count)) this.#dispatch(event);
  }

  /** Asks for the page before the window, or the newest one. The server answers now; the answer travels later. */
  ask(newest: boolean): void {
    if (!this.#connected || this.room.state !== 'joined' || this.#page !== null) return;
    const first = this.room.messages[0]?.seq ?? this.room.latestSeq + 1;
    const last = this.room.messages.at(-1)?.seq ?? this.room.latestSeq;
    const messages = newest ? this.server.page(last + 1, Math.max(PAGE, this.room.messages.length)) : this.server.page(first, PAGE);
    this.#page = { type: 'paged', messages, newest };
  }

  answer(): void {
    if (this.#page !== null) this.#queue.push(this.#page);
    this.#page = null;
  }

  list(): void {
    this.#dispatch({ type: 'listed', conversation: this.server.listed() });
  }

  attend(attended: boolean): void {
    this.#dispatch({ type: 'attended', attended });
  }

  open(open: boolean): void {
    this.#dispatch({ type: open ? 'opened' : 'closed' });
  }

  write(): void {
    this.#names += 1;
    this.#dispatch({ type: 'composed', clientMessageId: `c${this.#names}`, content: 'mine', replyTo: null, createdAt: new Date(0).toISOString() });
  }

  /** Sends one of what waits. @param answered whether the answer comes; the message may be there all the same */
  transmit(pick: number, answered: boolean): void {
    const waiting = this.room.outbox.filter(({ state }) => state === 'pending');
    const one = waiting[pick % Math.max(1, waiting.length)];
    if (!this.#connected || one === undefined) return;
    const { seq } = this.server.send(ME, one.clientMessageId);
    if (answered) this.#queue.push({ type: 'acknowledged', clientMessageId: one.clientMessageId, seq });
  }

  /** Hears all that is on its way, joins when that is due, with the list as the page reads it then, and scrolls up to the beginning. */
  settle(): void {
    if (!this.#connected) this.join(0);
    this.list();
    this.#arrive();
    while (this.room.stale || !this.room.atBeginning) {
      this.ask(this.room.stale);
      this.#arrive();
    }
  }

  #arrive(): void {
    this.answer();
    this.deliver(Infinity);
  }

  #told(event: RoomEvent): void {
    if (event.type === 'changed') this.#changes.push(event);
    if (this.#connected) this.#queue.push(event);
  }

  #dispatch(event: RoomEvent): void {
    this.room = reduce(this.room, event);
  }
}

import type { Signal } from '@preact/signals';
import { Presence, type Channel, type Socket } from 'phoenix';
import { refusalOf, type Answer, type ErrorReply } from './answer.ts';
import { listenToRoom } from './listen.ts';
import { Pager } from './pager.ts';
import { ReadMarks } from './read-marks.ts';
import { followReaders } from './readers.ts';
import { Sender } from './sender.ts';
import { PAGE, type JoinReply, type Refusal, type Room, type RoomEvent } from './state/room.ts';

/** Refusals of a join that another try does not change. */
const FINAL = new Set(['forbidden', 'not_found', 'unauthorized', 'invalid_payload']);

/** The way between one room and its channel `chat:<id>`: it joins, says what happens to the state, and sends. */
export class RoomChannel {
  readonly sender: Sender;
  readonly pager: Pager;
  readonly #channel: Channel;
  readonly #room: Signal<Room>;
  readonly #dispatch: (event: RoomEvent) => void;
  readonly #marks: ReadMarks;
  readonly #stopListening: () => void;
  readonly #stopReaders: () => void;
  #left = false;

  constructor(socket: Socket, room: Signal<Room>, dispatch: (event: RoomEvent) => void) {
    this.#room = room;
    this.#dispatch = dispatch;
    this.#channel = socket.channel(`chat:${room.peek().id}`, () => this.#joinParams());
    const ask = <T>(event: string, payload: object): Promise<Answer<T>> => this.ask(event, payload);
    this.sender = new Sender(room, dispatch, ask);
    this.pager = new Pager(room, dispatch, ask);
    this.#marks = new ReadMarks(room, dispatch, ask);
    this.#stopListening = listenToRoom(this.#channel, room.peek().me, dispatch);
    this.#stopReaders = followReaders(room, dispatch);
    const presence = new Presence(this.#channel);
    presence.onSync(() => dispatch({ type: 'present', userIds: presence.list((userId: string) => userId) }));
    this.#channel.onError(() => dispatch({ type: 'lost' }));
    this.#channel.onClose(() => this.#closed());
    this.#channel
      .join()
      .receive('ok', (reply: JoinReply) => this.#joined(reply))
      .receive('error', (error?: ErrorReply) => this.#refused(refusalOf(error)));
  }

  /** Pushes, and resolves with what the server answers; `network` when there is no connection, or no answer. */
  ask<T>(event: string, payload: object): Promise<Answer<T>> {
    // phoenix.js would keep it until it is joined again, and so say what was long given up.
    if (this.#channel.state !== 'joined') return Promise.resolve({ ok: false, refusal: { reason: 'network' } });
    return new Promise((resolve) => {
      this.#channel
        .push(event, payload)
        .receive('ok', (reply: T) => resolve({ ok: true, reply }))
        .receive('error', (error?: ErrorReply) => resolve({ ok: false, refusal: refusalOf(error) }))
        .receive('timeout', () => resolve({ ok: false, refusal: { reason: 'network' } }));
    });
  }

  leave(): void {
    this.#left = true;
    this.#stopListening();
    this.#stopReaders();
    this.#marks.stop();
    this.pager.stop();
    this.sender.stop();
    this.#channel.leave();
  }

  /** At first the latest message is enough for the list; after that what was missed. */
  #joinParams(): object {
    const { messages, open } = this.#room.peek();
    const last = messages.at(-1);
    return last === undefined ? { limit: open ? PAGE : 1 } : { since_seq: last.seq };
  }

  #joined(reply: JoinReply): void {
    this.#marks.again();
    this.pager.again();
    this.#dispatch({ type: 'joined', reply });
    this.sender.flush();
  }

  #refused(refusal: Refusal): void {
    const final = FINAL.has(refusal.reason);
    this.#dispatch({ type: 'refused', refusal: final ? { ...refusal, final } : refusal });
    if (final) this.#channel.leave();
  }

  /** The server closed it, and phoenix.js does not join again; or we left. */
  #closed(): void {
    if (!this.#left && this.#room.peek().state !== 'refused') this.#dispatch({ type: 'refused', refusal: { reason: 'closed', final: true } });
  }
}

import type { Channel } from 'phoenix';
import { ask, refusalOf, type Answer } from '../ask.ts';
import type { Live } from '../socket.ts';
import type { Done, JoinReply, ReelEvent, Update } from './state/reel.ts';

/** Refusals of a join that another try does not change. */
const FINAL = new Set(['not_found', 'forbidden', 'invalid_payload', 'unauthorized']);

export type Interaction = 'like' | 'unlike' | 'comment' | 'share' | 'view';

/** Reels that this page has seen since it was loaded: each is one view, however often it is joined. */
const viewed = new Map<string, string>();
const MOST_VIEWED = 1_000;

/** The way between the reel on the screen and its channel `reel:<id>`. */
export class ReelSession {
  readonly #id: string;
  readonly #channel: Channel;
  readonly #dispatch: (event: ReelEvent) => void;
  #left = false;

  constructor({ socket }: Live, id: string, dispatch: (event: ReelEvent) => void) {
    this.#id = id;
    this.#dispatch = dispatch;
    this.#channel = socket.channel(`reel:${id}`);
    this.#channel.on('reel_update', (update: Update) => dispatch({ type: 'updated', update }));
    this.#channel.onError(() => dispatch({ type: 'lost' }));
    this.#channel.onClose(() => {
      if (!this.#left) dispatch({ type: 'refused', refusal: { reason: 'closed' } });
    });
    this.#channel
      .join()
      .receive('ok', (reply: JoinReply) => {
        dispatch({ type: 'joined', reply });
        void this.#view();
      })
      .receive('error', (error?: unknown) => {
        const refusal = refusalOf(error);
        dispatch({ type: 'refused', refusal });
        if (FINAL.has(refusal.reason)) this.leave();
      });
  }

  /** Resolves when it is counted for good, or was refused. */
  async interact(what: Interaction, fields: object = {}, name = newName()): Promise<Answer<Done>> {
    const answer = await ask<Done>(this.#channel, `interaction:${what}`, { ...fields, client_interaction_id: name });
    if (answer.ok) this.#dispatch({ type: 'done', done: answer.reply });
    return answer;
  }

  leave(): void {
    this.#left = true;
    this.#channel.leave();
  }

  /** Under the same name it counts once; that of a lost connection is said again. */
  async #view(): Promise<void> {
    const name = viewed.get(this.#id) ?? newName();
    if (viewed.size < MOST_VIEWED) viewed.set(this.#id, name);
    await this.interact('view', {}, name);
  }
}

function newName(): string {
  return crypto.getRandomValues(new BigUint64Array(2)).join('-');
}

import { retry } from '../actions.ts';
import { refusalInWords } from '../reasons.ts';
import { dispatch } from '../rooms.ts';
import type { Message } from '../state/message.ts';
import type { Outgoing } from '../state/room.ts';
import { clock } from '../times.ts';
import { Icon } from './icons.tsx';
import { MessageText } from './message-text.tsx';
import { Quote } from './quote.tsx';

const STATES = { pending: ['clock', 'On its way'], sent: ['tick', 'Sent'], failed: ['alert', 'Not sent'] } as const;

interface OutgoingRowProps {
  roomId: string;
  me: string;
  outgoing: Outgoing;
  first: boolean;
  answered: Message | undefined;
}

/** A message of ours that is on its way, or could not go. */
export function OutgoingRow({ roomId, me, outgoing, first, answered }: OutgoingRowProps) {
  const { clientMessageId, content, replyTo, createdAt, state, refusal } = outgoing;
  const [icon, label] = STATES[state];
  return (
    <li class="row" data-own="true" data-first={first} data-outgoing={state}>
      <div class="bubble">
        <p class="visually-hidden">You</p>
        {replyTo !== null && <Quote message={answered} me={me} />}
        <div class="body">
          <MessageText content={content} />
          <p class="meta">
            <time dateTime={createdAt}>{clock(createdAt)}</time>
            <span class="mark-read" role="img" aria-label={label} title={label}>
              <Icon name={icon} />
            </span>
          </p>
        </div>
      </div>
      {state === 'failed' && refusal !== null && (
        <div class="not-sent" role="alert">
          <p>Not sent. {refusalInWords(refusal)}</p>
          <button type="button" onClick={() => retry(roomId, clientMessageId)}>
            Send again
          </button>
          <button type="button" onClick={() => dispatch(roomId, { type: 'discarded', clientMessageId })}>
            Discard
          </button>
        </div>
      )}
    </li>
  );
}

import { Avatar } from '../../chat/components/avatar.tsx';
import { nameOf } from '../../chat/names.ts';
import { place } from '../connect.ts';
import { log, outcomeInWords, type LoggedCall } from '../log.ts';
import { durationInWords } from '../words.ts';
import { Icon } from './icons.tsx';

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The latest calls. */
export function CallLog() {
  const entries = log.value;
  return (
    <section class="call-log" aria-labelledby="call-log-title">
      <h2 id="call-log-title">Latest calls</h2>
      {entries?.length === 0 && <p class="hint">No calls yet.</p>}
      <ul data-testid="call-log">
        {entries?.map((entry) => (
          <li key={entry.call_id}>
            <Entry entry={entry} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Entry({ entry }: { entry: LoggedCall }) {
  const outgoing = entry.direction === 'outgoing';
  const peerId = outgoing ? entry.callee_id : entry.caller_id;
  const outcome = outcomeInWords(entry, durationInWords);
  return (
    <article class="log-entry" data-missed={outcome === 'Missed'}>
      <Avatar userId={peerId} />
      <p class="log-name">
        <bdi>{nameOf(peerId)}</bdi>
        <span class="visually-hidden">{outgoing ? ', you called' : ', called you'}</span>
      </p>
      <p class="log-outcome">
        <Icon name={outgoing ? 'outgoing' : 'incoming'} />
        {outcome}
        {' · '}
        <time dateTime={entry.created_at}>{WHEN.format(new Date(entry.created_at))}</time>
      </p>
      <button type="button" class="icon-button" aria-label={`Call ${nameOf(peerId)}`} onClick={() => void place(peerId, entry.type)}>
        <Icon name={entry.type === 'video' ? 'camera' : 'phone'} />
      </button>
    </article>
  );
}

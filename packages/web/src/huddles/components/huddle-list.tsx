import { formatAddress } from '../../address.ts';
import { Avatar } from '../../chat/components/avatar.tsx';
import { list, readList } from '../list.ts';
import { useRefreshed } from '../use-refreshed.ts';
import { countInWords, huddleName } from '../words.ts';

const FACES = 4;

/** Huddles that may be joined: those that somebody is in come first. */
export function HuddleList() {
  useRefreshed(readList);
  const known = list.value;
  return (
    <section aria-labelledby="huddle-list-title">
      <h2 id="huddle-list-title" class="huddle-list-title">
        Open huddles
      </h2>
      {known?.length === 0 && <p class="hint">None at the moment. Create one, and send its address to the others.</p>}
      <ul class="huddle-list" data-testid="huddle-list">
        {known?.map(({ huddle_id: id, name, max_participants: limit, participants }) => (
          <li key={id}>
            <a href={formatAddress(['huddles', id])}>
              <bdi class="huddle-list-name">{huddleName(name, participants.map(({ user_id }) => user_id))}</bdi>
              <span class="huddle-faces">
                {participants.slice(0, FACES).map(({ user_id }) => (
                  <Avatar key={user_id} userId={user_id} />
                ))}
              </span>
              <span class="hint">{countInWords(participants.length, limit)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

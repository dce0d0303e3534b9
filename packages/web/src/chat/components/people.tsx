import { formatAddress } from '../../address.ts';
import { nameOf } from '../names.ts';
import { Avatar } from './avatar.tsx';

const SHOWN = 3;

/** Who is here: a few faces, and all names in a list that opens. */
export function People({ here, me }: { here: readonly string[]; me: string }) {
  if (here.length === 0) return null;
  return (
    <div class="people">
      <button type="button" class="people-button" popovertarget="people" data-testid="people">
        {here.slice(0, SHOWN).map((userId) => (
          <Avatar key={userId} userId={userId} />
        ))}
        <span>{here.length} here</span>
      </button>
      <div id="people" class="people-list" popover="auto" role="dialog" aria-label="Who is here">
        <h2>Here now</h2>
        <ul>
          {here.map((userId) => (
            <li key={userId}>
              <Avatar userId={userId} />
              <bdi title={userId}>{nameOf(userId)}</bdi>
              {userId === me ? <span class="you">you</span> : <a class="call-link" href={formatAddress(['calls', userId])}>Call</a>}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

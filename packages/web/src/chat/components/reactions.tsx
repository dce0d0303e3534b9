import { nameOf } from '../names.ts';
import type { Message, Reaction } from '../state/message.ts';

/** The reactions to a message: a click joins in, or takes one's own back. */
export function Reactions({ message, me, onReact }: { message: Message; me: string; onReact: (emoji: string) => void }) {
  if (message.reactions.length === 0) return null;
  return (
    <div class="reactions" role="group" aria-label="Reactions">
      {message.reactions.map((reaction) => (
        <button
          key={reaction.emoji}
          type="button"
          class="reaction"
          aria-pressed={reaction.mine}
          title={whoReacted(reaction, me)}
          aria-label={`${reaction.emoji} ${whoReacted(reaction, me)}`}
          onClick={() => onReact(reaction.emoji)}
        >
          <span aria-hidden="true">{reaction.emoji}</span>
          <span class="reaction-count">{reaction.count}</span>
        </button>
      ))}
    </div>
  );
}

function whoReacted({ userIds, count }: Reaction, me: string): string {
  const names = userIds.map((userId) => (userId === me ? 'you' : nameOf(userId)));
  const others = count - names.length;
  return others > 0 ? `${names.join(', ')} and ${others} more` : names.join(', ');
}

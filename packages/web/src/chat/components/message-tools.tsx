import { startEdit, startReply } from '../composing.ts';
import { pickEmoji } from '../picking.ts';
import type { Message } from '../state/message.ts';
import { Icon } from './icons.tsx';

interface MessageToolsProps {
  message: Message;
  own: boolean;
  mayDelete: boolean;
  onReact: (emoji: string) => void;
  onDelete: () => void;
}

/** What can be done with a message; shown while it is pointed at or has the focus. */
export function MessageTools({ message, own, mayDelete, onReact, onDelete }: MessageToolsProps) {
  return (
    <div class="tools" role="toolbar" aria-label="Message">
      <button type="button" aria-label="React" title="React" onClick={({ currentTarget }) => pickEmoji(currentTarget, onReact)}>
        <Icon name="smile" />
      </button>
      <button type="button" aria-label="Reply" title="Reply" onClick={() => startReply(message)}>
        <Icon name="reply" />
      </button>
      {own && (
        <button type="button" aria-label="Edit" title="Edit" onClick={() => startEdit(message)}>
          <Icon name="edit" />
        </button>
      )}
      {mayDelete && (
        <button type="button" aria-label="Delete" title="Delete" onClick={onDelete}>
          <Icon name="remove" />
        </button>
      )}
    </div>
  );
}

import { backToWriting, type Composing } from '../composing.ts';
import { nameOf } from '../names.ts';
import { Icon } from './icons.tsx';

/** Says what the text field is for, when it is not a new message. */
export function ComposerBar({ now, me }: { now: Composing; me: string }) {
  const message = now.to === 'edit' ? now.message : now.replyTo;
  if (message === null) return null;
  return (
    <div class="composer-bar" role="status" data-testid="composer-bar">
      <Icon name={now.to === 'edit' ? 'edit' : 'reply'} />
      <p>
        <strong>{now.to === 'edit' ? 'Editing your message' : <>Answering {message.senderId === me ? 'yourself' : <bdi>{nameOf(message.senderId)}</bdi>}</>}</strong>
        <span dir="auto">{message.content || 'An attachment'}</span>
      </p>
      <button type="button" class="icon-button" aria-label="Cancel (Escape)" onClick={backToWriting}>
        <Icon name="close" />
      </button>
    </div>
  );
}

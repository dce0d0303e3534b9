import { nameOf } from '../names.ts';
import type { Message } from '../state/message.ts';

/** The message that another one answers; a click goes there. */
export function Quote({ message, me }: { message: Message | undefined; me: string }) {
  if (message === undefined) return <p class="quote">An earlier message</p>;
  const show = (): void => {
    const row = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(message.id)}"]`);
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
  };
  return (
    <button type="button" class="quote" tabIndex={-1} onClick={show}>
      <strong>
        <bdi>{message.senderId === me ? 'You' : nameOf(message.senderId)}</bdi>
      </strong>
      <span>{message.deletedAt === null ? message.content || 'An attachment' : 'This message was deleted.'}</span>
    </button>
  );
}

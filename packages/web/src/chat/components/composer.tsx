import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { edit, sayTyping, send } from '../actions.ts';
import { backToWriting, composing, startEdit } from '../composing.ts';
import { draftOf, keepDraft } from '../drafts.ts';
import { MAX_CONTENT_BYTES } from '../limits.ts';
import { pickEmoji } from '../picking.ts';
import type { Room } from '../state/room.ts';
import { TypingSignal } from '../typing.ts';
import { ComposerBar } from './composer-bar.tsx';
import { Icon } from './icons.tsx';

/** Where messages are written and edited. Enter sends, Shift+Enter makes a line, Escape goes back, Arrow up edits the latest. */
export function Composer({ room: { id, me, messages, title } }: { room: Room }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(() => draftOf(id));
  const typing = useMemo(() => new TypingSignal((event) => sayTyping(id, event)), [id]);
  const now = composing.value;
  const text = now.to === 'edit' ? now.text : draft;
  const tooLong = new TextEncoder().encode(text).length > MAX_CONTENT_BYTES;
  const sendable = text.trim() !== '' && !tooLong;

  useEffect(() => () => typing.stop(), [typing]);
  const about = now.to === 'edit' ? now.message : now.replyTo;
  useEffect(() => {
    if (about !== null) field.current?.focus();
  }, [about]);
  useEffect(() => fitHeight(field.current), [text]);

  const write = (value: string): void => {
    if (now.to === 'edit') {
      composing.value = { ...now, text: value };
      return;
    }
    setDraft(value);
    keepDraft(id, value);
    if (value.trim() === '') typing.stop();
    else typing.typed(performance.now());
  };
  const submit = (): void => {
    if (!sendable) return;
    if (now.to === 'edit') {
      if (text !== now.message.content) edit(id, now.message.id, text);
    } else {
      send(id, draft, now.replyTo?.id ?? null);
      typing.sent();
      setDraft('');
      keepDraft(id, '');
    }
    backToWriting();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // Enter chooses a word of an input method.
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape') {
      backToWriting();
    } else if (event.key === 'ArrowUp' && text === '') {
      const latest = messages.findLast(({ senderId, deletedAt }) => senderId === me && deletedAt === null);
      if (latest !== undefined) {
        event.preventDefault();
        startEdit(latest);
      }
    }
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
        field.current?.focus();
      }}
    >
      <ComposerBar now={now} me={me} />
      <div class="composer-row">
        <button
          type="button"
          class="icon-button"
          aria-label="Add an emoji"
          onClick={({ currentTarget }) => pickEmoji(currentTarget, (emoji) => insert(field.current, emoji, write))}
        >
          <Icon name="smile" />
        </button>
        <textarea
          ref={field}
          id="composer"
          rows={1}
          dir="auto"
          aria-label={now.to === 'edit' ? 'Edit the message' : `Message to ${title ?? id}`}
          aria-invalid={tooLong}
          placeholder="Write a message"
          value={text}
          onInput={({ currentTarget }) => write(currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={() => typing.stop()}
        />
        <button type="submit" class="send" disabled={!sendable} aria-label={now.to === 'edit' ? 'Save' : 'Send'}>
          <Icon name={now.to === 'edit' ? 'tick' : 'send'} />
        </button>
      </div>
      {tooLong && <p role="alert">This is too long for one message. Send it in parts.</p>}
    </form>
  );
}

/** As tall as its text, up to what the CSS allows. */
function fitHeight(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

function insert(field: HTMLTextAreaElement | null, text: string, write: (value: string) => void): void {
  if (field === null) return;
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
  write(field.value);
}

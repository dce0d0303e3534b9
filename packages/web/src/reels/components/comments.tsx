import { useEffect, useRef, useState } from 'preact/hooks';
import { Avatar } from '../../chat/components/avatar.tsx';
import { nameOf } from '../../chat/names.ts';
import { comment } from '../store.ts';
import type { Comment } from '../state/reel.ts';

/** Longest comment, in characters. */
const LONGEST = 500;
/** So near to the end somebody reads along, in px. */
const NEAR_PX = 60;

/** What people say about the reel, and the way to join in. */
export function Comments({ comments, disabled }: { comments: readonly Comment[]; disabled: boolean }) {
  const list = useRef<HTMLUListElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [comments]);
  return (
    <section class="reel-comments" aria-labelledby="reel-comments-title">
      <h2 id="reel-comments-title">Comments</h2>
      {comments.length === 0 && <p class="hint">Nobody has said anything yet.</p>}
      <ul
        ref={list}
        tabIndex={0}
        aria-labelledby="reel-comments-title"
        data-testid="comments"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
        }}
      >
        {comments.map(({ id, user_id, content }) => (
          <li key={id}>
            <Avatar userId={user_id} />
            <div>
              <bdi title={user_id}>{nameOf(user_id)}</bdi>
              <p dir="auto">{content}</p>
            </div>
          </li>
        ))}
      </ul>
      <CommentForm disabled={disabled} />
    </section>
  );
}

function CommentForm({ disabled }: { disabled: boolean }) {
  const [text, setText] = useState('');
  const submit = async (): Promise<void> => {
    const content = text.trim();
    if (content !== '' && (await comment(content))) setText((now) => (now.trim() === content ? '' : now));
  };
  return (
    <form
      class="comment-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label class="visually-hidden" for="reel-comment">
        Your comment
      </label>
      <input
        id="reel-comment"
        value={text}
        maxLength={LONGEST}
        placeholder="Say something"
        autocomplete="off"
        enterkeyhint="send"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" disabled={disabled}>
        Send
      </button>
    </form>
  );
}

import { place } from '../connect.ts';
import type { Over } from '../state/call.ts';
import { calls, dispatch } from '../store.ts';
import { durationInWords, overInWords } from '../words.ts';
import { Trouble } from './trouble.tsx';
import { useFocus } from './use-focus.ts';

/** How the last call ended. */
export function OverNote({ over }: { over: Over }) {
  const note = useFocus<HTMLElement>();
  const { me, trouble } = calls.value;
  return (
    <section ref={note} class="over-note" tabIndex={-1} aria-label="The last call">
      <p role="status" data-testid="over">
        {overInWords(over, me)} {over.durationMs !== null && `It lasted ${durationInWords(over.durationMs)}.`}
      </p>
      <Trouble trouble={trouble} />
      <div class="over-buttons">
        <button type="button" onClick={() => void place(over.peerId, over.type)}>
          Call again
        </button>
        <button type="button" onClick={() => dispatch({ type: 'dismissed' })}>
          Close
        </button>
      </div>
    </section>
  );
}

import { nameOf } from '../../chat/names.ts';
import { takeUp } from '../connect.ts';
import type { CallView } from '../state/call.ts';

/** A call of this user that this page is not in. */
export function ElsewhereNote({ view }: { view: CallView }) {
  const peerId = view.role === 'caller' ? view.calleeId : view.callerId;
  return (
    <section class="over-note" aria-label="A call under way">
      <p role="status">You are in a call with {nameOf(peerId)}, in another window or on another device.</p>
      <div class="over-buttons">
        <button type="button" data-testid="take-up" onClick={() => void takeUp(view)}>
          Go on here
        </button>
      </div>
    </section>
  );
}

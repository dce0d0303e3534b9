import { useCallback, useState } from 'preact/hooks';
import type { Refusal } from '../../ask.ts';
import { namesInWords } from '../../chat/names.ts';
import { join } from '../connect.ts';
import { readHuddle, type ListedHuddle } from '../list.ts';
import { huddles } from '../store.ts';
import { useRefreshed } from '../use-refreshed.ts';
import { huddleName, huddleRefusalInWords, overInWords } from '../words.ts';

/** Before one is in a huddle: who is in it, and what one comes in with. */
export function Door({ id }: { id: string }) {
  const [found, setFound] = useState<ListedHuddle | Refusal | null>(null);
  useRefreshed(useCallback(async () => setFound(await readHuddle(id)), [id]));
  const { over, me } = huddles.value;
  const why = over?.id === id ? overInWords(over.why) : null;
  const huddle = found !== null && 'huddle_id' in found ? found : null;
  const refusal = found !== null && 'reason' in found ? found : null;
  const ended = huddle !== null && huddle.ended_at !== null;
  const inside = huddle?.participants.map(({ user_id }) => user_id).filter((userId) => userId !== me) ?? [];
  return (
    <section class="door" aria-label="Huddle">
      <h1 class="screen-title" tabIndex={-1}>
        <bdi>{huddle === null ? 'Huddle' : huddleName(huddle.name, inside)}</bdi>
      </h1>
      <div role="status">
        {why !== null && <p class="door-why" data-testid="huddle-over">{why}</p>}
        {why === null && refusal !== null && <p class="door-why">{huddleRefusalInWords(refusal)}</p>}
        {why === null && ended && <p class="door-why">The huddle has ended.</p>}
      </div>
      {huddle !== null && !ended && (
        <>
          <p>{inside.length === 0 ? 'Nobody is in it yet.' : `In it: ${namesInWords(inside)}.`}</p>
          <JoinForm id={id} />
        </>
      )}
      <p class="door-back">
        <a href="#/huddles">All huddles</a>
      </p>
    </section>
  );
}

function JoinForm({ id }: { id: string }) {
  const [microphone, setMicrophone] = useState(true);
  const [camera, setCamera] = useState(true);
  return (
    <form
      class="join-huddle"
      onSubmit={(event) => {
        event.preventDefault();
        void join(id, { microphone, camera });
      }}
    >
      <fieldset>
        <legend>Join with</legend>
        <label>
          <input type="checkbox" checked={microphone} onChange={({ currentTarget }) => setMicrophone(currentTarget.checked)} />
          Microphone
        </label>
        <label>
          <input type="checkbox" checked={camera} onChange={({ currentTarget }) => setCamera(currentTarget.checked)} />
          Camera
        </label>
      </fieldset>
      <button type="submit" class="primary" data-testid="join-huddle">
        Join
      </button>
    </form>
  );
}

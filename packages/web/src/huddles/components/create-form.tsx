import { useState } from 'preact/hooks';
import type { Refusal } from '../../ask.ts';
import { go } from '../../route.ts';
import { create } from '../connect.ts';
import { huddleRefusalInWords } from '../words.ts';

const SIZES = [2, 4, 8, 12];
const USUAL = 8;
const LONGEST_NAME = 128;

/** Makes a huddle, and goes to its door. */
export function CreateForm() {
  const [name, setName] = useState('');
  const [size, setSize] = useState(USUAL);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const submit = async (): Promise<void> => {
    const answer = await create({ name: name.trim() || null, maxParticipants: size });
    setRefusal(answer.ok ? null : answer.refusal);
    if (answer.ok) go('huddles', answer.reply.huddleId);
  };
  return (
    <form
      class="create-form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="create-name">
        <label for="huddle-name">A new huddle</label>
        <input
          id="huddle-name"
          value={name}
          maxLength={LONGEST_NAME}
          placeholder="Its name, if you like"
          autocomplete="off"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </div>
      <div class="create-size">
        <label for="huddle-size">Room for</label>
        <select id="huddle-size" value={size} onChange={({ currentTarget }) => setSize(Number(currentTarget.value))}>
          {SIZES.map((count) => (
            <option key={count} value={count}>
              {count}
            </option>
          ))}
        </select>
      </div>
      <button type="submit" class="primary" data-testid="create-huddle">
        Create
      </button>
      <div role="alert" class="create-alert">
        {refusal !== null && <p>{huddleRefusalInWords(refusal)}</p>}
      </div>
    </form>
  );
}

import { useState } from 'preact/hooks';
import { go } from '../../route.ts';
import { isReelId } from '../reel-id.ts';

/** Opens the reel of an id. */
export function OpenForm() {
  const [id, setId] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <form
      class="open-reel"
      onSubmit={(event) => {
        event.preventDefault();
        setWrong(!isReelId(id.trim()));
        if (isReelId(id.trim())) go('reels', id.trim());
      }}
    >
      <label for="reel-id">Id of a reel</label>
      <div class="open-reel-row">
        <input
          id="reel-id"
          value={id}
          maxLength={128}
          required
          placeholder="As in sunset-42"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={wrong}
          aria-describedby={wrong ? 'reel-id-help' : undefined}
          onInput={({ currentTarget }) => setId(currentTarget.value)}
        />
        <button type="submit" class="primary">
          Open
        </button>
      </div>
      {wrong && (
        <p id="reel-id-help" role="alert">
          An id has letters from A to Z, digits, and _ . - between them.
        </p>
      )}
    </form>
  );
}

import { useState } from 'preact/hooks';
import { go } from '../../route.ts';
import { roomIdOf } from '../room-id.ts';
import { Icon } from './icons.tsx';

/** Opens the room of a name; where rooms are open, the first to do so makes it. */
export function JoinForm() {
  const [name, setName] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <form
      class="join-form"
      onSubmit={(event) => {
        event.preventDefault();
        const id = roomIdOf(name);
        setWrong(id === null);
        if (id === null) return;
        setName('');
        go('chat', id);
      }}
    >
      <label class="visually-hidden" for="room-name">
        Name of a room
      </label>
      <input
        id="room-name"
        value={name}
        maxLength={128}
        placeholder="Open a room by name"
        autocomplete="off"
        enterkeyhint="go"
        aria-invalid={wrong}
        aria-describedby={wrong ? 'room-name-help' : undefined}
        onInput={({ currentTarget }) => setName(currentTarget.value)}
      />
      <button type="submit" class="icon-button" aria-label="Open the room">
        <Icon name="plus" />
      </button>
      {wrong && (
        <p id="room-name-help" role="alert">
          A name needs letters from A to Z, or digits.
        </p>
      )}
    </form>
  );
}

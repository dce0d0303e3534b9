import { useState } from 'preact/hooks';
import { useToken } from '../session.ts';

/** Asks for an access token, where the server gives none by itself. */
export function TokenForm({ refused }: { refused: boolean }) {
  const [token, setToken] = useState('');
  return (
    <form
      class="token-form"
      onSubmit={(event) => {
        event.preventDefault();
        useToken(token.trim());
      }}
    >
      <h1>Sign in</h1>
      <p id="token-help" role={refused ? 'alert' : undefined}>
        {refused ? 'That token is not valid, or has expired.' : 'Paste the access token that your team gave you.'}
      </p>
      <label for="token">Access token</label>
      <div class="token-row">
        <input
          id="token"
          type="password"
          autocomplete="off"
          required
          aria-describedby="token-help"
          aria-invalid={refused}
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <button type="submit" class="primary">
          Continue
        </button>
      </div>
    </form>
  );
}

import { signal } from '@preact/signals';
import { takeAddressParam } from './address-bar.ts';

/** Who the page is. `starting` until the server answered; `token_needed` where there are no development sessions. */
export type Session =
  | { state: 'starting' }
  | { state: 'token_needed'; refused: boolean }
  | { state: 'signed_in'; token: string; userId: string; renewable: boolean };

export const session = signal<Session>({ state: 'starting' });

const USER_KEY = 'armoricore.user_id';
const TOKEN_KEY = 'armoricore.token';
const RETRY_MS = 2_000;
/** What the server takes as the name of a development user. */
const USER_NAME = /^[\w.-]{1,64}$/;

/**
 * Signs in: with the token of the address (`#token=…`, taken out of it: it must not stay in the history, nor in a link that
 * is copied), the token given earlier in this tab, or a development session. Tries again while the server does not answer.
 */
export async function startSession(): Promise<void> {
  const token = takeAddressParam('token') ?? sessionStorage.getItem(TOKEN_KEY);
  if (token !== null) {
    useToken(token);
    return;
  }
  while (session.value.state === 'starting') {
    try {
      await startDevelopmentSession();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS)); // The server is away, or starting.
    }
  }
}

/** Signs in with a token that somebody pasted or that a link brought. */
export function useToken(token: string): void {
  const userId = userIdOf(token);
  if (userId === null) {
    session.value = { state: 'token_needed', refused: true };
    return;
  }
  sessionStorage.setItem(TOKEN_KEY, token);
  session.value = { state: 'signed_in', token, userId, renewable: false };
}

/**
 * Called when the server refused the token: asks for a new development session, else for a token.
 * Returns whether there is a new token to try with.
 */
export async function renewSession(): Promise<boolean> {
  if (session.value.state === 'signed_in' && session.value.renewable) {
    try {
      await startDevelopmentSession();
    } catch {
      return false; // The server went away meanwhile: the refusal stands.
    }
    return (session.value as Session).state === 'signed_in';
  }
  sessionStorage.removeItem(TOKEN_KEY);
  session.value = { state: 'token_needed', refused: true };
  return false;
}

async function startDevelopmentSession(): Promise<void> {
  const userId = developmentUser();
  const response = await fetch('/dev/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(userId === null ? {} : { user_id: userId }),
  });
  if (response.status === 404) {
    session.value = { state: 'token_needed', refused: false };
    return;
  }
  if (!response.ok) throw new Error(`No session: status ${response.status}`);
  const { token, user_id } = (await response.json()) as { token: string; user_id: string };
  if (userId === null) localStorage.setItem(USER_KEY, user_id);
  session.value = { state: 'signed_in', token, userId: user_id, renewable: true };
}

/** The development user of this tab, when its address named one (`#user=ann`), else that of this browser. */
function developmentUser(): string | null {
  const named = takeAddressParam('user');
  if (named !== null && USER_NAME.test(named)) sessionStorage.setItem(USER_KEY, named);
  return sessionStorage.getItem(USER_KEY) ?? localStorage.getItem(USER_KEY);
}

/** The user a JWT names, unverified: only to know which topic to join. The server verifies. */
function userIdOf(token: string): string | null {
  try {
    const payload = token.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { user_id?: unknown; sub?: unknown };
    const id = claims.user_id ?? claims.sub;
    return (typeof id === 'string' && id !== '') || typeof id === 'number' ? String(id) : null;
  } catch {
    return null;
  }
}

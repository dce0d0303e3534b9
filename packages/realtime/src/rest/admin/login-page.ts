import { createHash } from 'node:crypto';

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f5f7, #14171c); color: light-dark(#1b1f24, #e6e9ee); }
  main { width: min(26rem, calc(100vw - 2rem)); padding: 2rem; box-sizing: border-box; border-radius: 12px; background: light-dark(#fff, #1d2128); box-shadow: 0 1px 3px #0003; }
  h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
  p { margin: 0 0 1.25rem; color: light-dark(#57606a, #9aa4b2); }
  p[role=alert] { padding: .6rem .8rem; border-radius: 8px; background: light-dark(#ffebe9, #3c1d1f); color: light-dark(#a40e26, #ff9a94); }
  label { display: block; margin-bottom: .35rem; font-weight: 600; }
  textarea { width: 100%; box-sizing: border-box; padding: .6rem; border: 1px solid light-dark(#c9ced6, #3a414c); border-radius: 8px; background: transparent; color: inherit; font: .8rem/1.4 ui-monospace, monospace; resize: vertical; }
  button, a.button { display: block; width: 100%; box-sizing: border-box; margin-top: .9rem; padding: .65rem; border: 0; border-radius: 8px; background: #1f5fbf; color: #fff; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
  button.quiet { background: light-dark(#e7eaef, #2b313b); color: inherit; }
  :focus-visible { outline: 3px solid #6aa5ff; outline-offset: 2px; }
`;

/** No script at all, and this style alone. */
export const LOGIN_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface LoginPage {
  /** Who is signed in, if anybody. */
  userId?: string | undefined;
  /** Why the last try failed. */
  fault?: string | undefined;
  /** In development: one click is enough. */
  development: boolean;
}

/** The page on which operators sign in with a token, and out again. */
export function loginPage({ userId, fault, development }: LoginPage): string {
  const form = userId === undefined ? signIn(development) : signedIn(userId);
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <title>Armoricore · Operators</title>
  <style>${STYLE}</style>
</head>
<body>
  <main>
    <h1>Armoricore</h1>
    ${fault === undefined ? '' : `<p role="alert">${escape(fault)}</p>`}
    ${form}
  </main>
</body>
</html>
`;
}

function signIn(development: boolean): string {
  return `<p>The queues are for operators: tokens with the role <b>admin</b>, or <b>viewer</b> to look on.</p>
    <form method="post" action="/admin/session">
      <label for="token">Token</label>
      <textarea id="token" name="token" rows="5" required autofocus autocomplete="off" spellcheck="false"></textarea>
      <button>Sign in</button>
    </form>
    ${development ? '<form method="post" action="/admin/session/development"><button class="quiet">Sign in as admin (development)</button></form>' : ''}`;
}

function signedIn(userId: string): string {
  return `<p>Signed in as <b>${escape(userId)}</b>.</p>
    <a class="button" href="/admin/queues">Open the queues</a>
    <form method="post" action="/admin/logout"><button class="quiet">Sign out</button></form>`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** A part of a message's text; with `href` it may be a link. */
export interface Piece {
  text: string;
  href?: string;
}

const LINK = /https?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence is not part of its link. */
const TAIL = /[.,;:!?…]+$/;

/** Splits text into plain pieces and links to http and https. Pure; the pieces together are the text, unchanged. */
export function splitLinks(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimmed(match[0]);
    const href = safeHref(link);
    if (href === null) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index) });
    pieces.push({ text: link, href });
    end = match.index + link.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end) });
  return pieces;
}

function trimmed(link: string): string {
  let text = link.replace(TAIL, '');
  while (text.endsWith(')') && count(text, ')') > count(text, '(')) text = text.slice(0, -1).replace(TAIL, '');
  return text;
}

const count = (text: string, char: string): number => text.split(char).length - 1;

function safeHref(link: string): string | null {
  try {
    const { protocol, href, username, password } = new URL(link);
    const named = username !== '' || password !== ''; // `https://bank.example@evil.example` is not what it looks like.
    return !named && (protocol === 'https:' || protocol === 'http:') ? href : null;
  } catch {
    return null;
  }
}

/** Connect params: strings, and what `a[b]=1` and `l[]=1` nest. */
export type Params = Readonly<Record<string, unknown>>;

/** Names at most; a longer query is refused like one that is not UTF-8. */
const MAX_PARAMS = 1_000;
const MAX_DEPTH = 32;

/**
 * Decodes a query string as Plug does: `+` is a blank, `a[b]=1` nests, `l[]=1&l[]=2` is a list, the last of a repeated key
 * wins, a broken `%zz` stays as it is. Null when the bytes are not UTF-8 after decoding.
 */
export function decodeQuery(query: string): Params | null {
  const params: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const pairs = query.split('&').filter((pair) => pair !== '');
  if (pairs.length > MAX_PARAMS) return null;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decodePart(equals === -1 ? pair : pair.slice(0, equals));
    const value = decodePart(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === null || value === null) return null;
    if (name.includes('[')) insert(params, pathOf(name), value);
    else params[name] = value;
  }
  return params;
}

/** `a[b][]` is `['a', 'b', '']`. */
function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open <= 0 || !name.endsWith(']')) return [name];
  return [name.slice(0, open), ...name.slice(open + 1, -1).split('][')].slice(0, MAX_DEPTH);
}

function insert(target: Record<string, unknown>, [head = '', ...rest]: string[], value: string): void {
  const next = rest[0];
  if (next === undefined) {
    target[head] = value;
  } else if (next === '') {
    const list = Array.isArray(target[head]) ? (target[head] as unknown[]) : [];
    const element: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    if (rest.length > 1) insert(element, rest.slice(1), value);
    target[head] = [...list, rest.length > 1 ? element : value];
  } else {
    const known = target[head];
    const child = typeof known === 'object' && known !== null && !Array.isArray(known) ? known : Object.create(null);
    target[head] = child;
    insert(child as Record<string, unknown>, rest, value);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodePart(part: string): string | null {
  if (!/[+%]/.test(part)) return part;
  const spaced = part.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  const bytes = Buffer.from(spaced, 'utf8');
  const out: number[] = [];
  for (let index = 0; index < bytes.length; index += 1) {
    const hex = bytes[index] === 0x25 ? Number(`0x${bytes.toString('latin1', index + 1, index + 3)}`) : Number.NaN;
    const isEscape = bytes[index] === 0x25 && index + 2 < bytes.length && /^[0-9a-f]{2}$/i.test(bytes.toString('latin1', index + 1, index + 3));
    out.push(isEscape ? hex : bytes[index]!);
    if (isEscape) index += 2;
  }
  try {
    return utf8.decode(Uint8Array.from(out));
  } catch {
    return null;
  }
}

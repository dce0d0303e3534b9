/** The part of the address after `#`: `#/chat/tea?user=ann`, or parameters alone: `#media=0190…`. Pure. */
export interface Address {
  /** `/chat/tea` is `['chat', 'tea']`; the start page has none. */
  segments: readonly string[];
  params: URLSearchParams;
}

/** Reads an address; what is badly encoded is taken as it stands. */
export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#/, '');
  if (!text.startsWith('/')) return { segments: [], params: new URLSearchParams(text) };
  const [path = '', ...query] = text.split('?');
  const segments = path.split('/').filter((segment) => segment !== '');
  return { segments: segments.map(decode), params: new URLSearchParams(query.join('?')) };
}

/** The address as a link has it; of the start page without parameters `#/`. */
export function formatAddress(segments: readonly string[], params: URLSearchParams = new URLSearchParams()): string {
  if (segments.length === 0 && params.size > 0) return `#${params}`;
  const path = `#/${segments.map(encodeURIComponent).join('/')}`;
  return params.size > 0 ? `${path}?${params}` : path;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

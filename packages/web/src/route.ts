import { signal } from '@preact/signals';
import { formatAddress, parseAddress } from './address.ts';

/** Where the page is: the segments of its address. The first says which screen, the others are the screen's own. */
export const route = signal<readonly string[]>(parseAddress(location.hash).segments);

window.addEventListener('hashchange', () => {
  const { segments } = parseAddress(location.hash);
  if (segments.join('/') !== route.peek().join('/')) route.value = segments;
});

/** Goes to another place of the page; the browser's back button comes back. */
export function go(...segments: string[]): void {
  location.hash = formatAddress(segments);
}

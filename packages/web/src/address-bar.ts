import { formatAddress, parseAddress } from './address.ts';

/** A parameter of the present address. */
export function addressParam(name: string): string | null {
  return parseAddress(location.hash).params.get(name);
}

/** Takes a parameter out of the address, and of the history, for good. */
export function takeAddressParam(name: string): string | null {
  const value = addressParam(name);
  if (value !== null) setAddressParam(name, null);
  return value;
}

/** Changes a parameter of the present address without a new entry in the history. */
export function setAddressParam(name: string, value: string | null): void {
  const { segments, params } = parseAddress(location.hash);
  if (value === null) params.delete(name);
  else params.set(name, value);
  const bare = segments.length === 0 && params.size === 0;
  history.replaceState(null, '', `${location.pathname}${location.search}${bare ? '' : formatAddress(segments, params)}`);
}

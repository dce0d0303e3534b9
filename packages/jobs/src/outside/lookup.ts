import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './address.ts';

/** How the outside is reached. What is not given is as the internet needs it; tests give what reaches their own servers. */
export interface Door {
  /** Which addresses may be connected to. */
  allow?: (address: string) => boolean;
  resolve?: (hostname: string) => Promise<LookupAddress[]>;
}

/**
 * Resolves names for connections, and checks what they resolve to: no answer of a name server leads into our own network. One bad
 * address is enough to refuse, since which one is connected to is not ours to choose. Node resolves no literal addresses, so it
 * does not ask here for those.
 * @param refuse makes the error of a refusal
 */
export function guardedLookup({ allow = isPublicAddress, resolve = resolveAll }: Door, refuse: () => Error): LookupFunction {
  return (hostname, options, answer) => {
    resolve(hostname).then(
      (found) => {
        if (found.length === 0 || !found.every(({ address }) => allow(address))) return answer(refuse(), []);
        const [first] = found;
        return options.all === true ? answer(null, found) : answer(null, first!.address, first!.family);
      },
      (error: Error) => answer(error, []),
    );
  };
}

function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return lookup(hostname, { all: true });
}

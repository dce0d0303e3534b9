import { describe } from 'vitest';
import { delivery } from './conformance/delivery.ts';
import { failures } from './conformance/failures.ts';
import { publishing } from './conformance/publishing.ts';
import type { MakeBusHarness } from './conformance/support.ts';

export type { BusHarness, Difference } from './conformance/support.ts';

/** Holds an adapter against every promise of the `Bus` port. */
export function busConformance(name: string, makeHarness: MakeBusHarness): void {
  describe(`${name} keeps the promises of a bus`, () => {
    publishing(makeHarness);
    delivery(makeHarness);
    failures(makeHarness);
  });
}

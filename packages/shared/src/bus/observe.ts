/** What became of an event, for metrics. `group` is absent for `published`. */
export interface BusOccurrence {
  group?: string;
  type: string;
  outcome: 'published' | 'handled' | 'retried' | 'buried';
}

/** Told of every event; must not throw and takes no time. */
export type Observe = (occurrence: BusOccurrence) => void;

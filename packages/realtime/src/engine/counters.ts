/** Why connections end; each is counted. */
export const ENDS = ['client', 'disconnected', 'drain', 'expired', 'idle', 'malformed', 'flood', 'slow_consumer', 'channel'] as const;
export type End = (typeof ENDS)[number];

/** What `terminate` of channels is told, as ends are counted. */
const ENDS_BY_REASON: Record<string, End> = {
  shutdown: 'drain',
  'shutdown:disconnected': 'disconnected',
  'shutdown:expired': 'expired',
  'shutdown:read_timeout': 'idle',
  'shutdown:malformed': 'malformed',
  'shutdown:flooded': 'flood',
  'shutdown:slow_consumer': 'slow_consumer',
  'shutdown:channel_ended': 'channel',
};

/** What an endpoint has done since it began. Plain numbers: they are counted on the fast path. */
export class Counters {
  joins = 0;
  /** Joins that a channel refused. */
  refusedJoins = 0;
  /** Messages of clients. */
  messagesIn = 0;
  /** Messages to clients: one for each that is sent one. */
  messagesOut = 0;
  /** Volatile messages that gave way to newer ones, as their client read too slowly. */
  replaced = 0;
  readonly ends: Record<End, number> = Object.fromEntries(ENDS.map((end) => [end, 0])) as Record<End, number>;

  /** A connection ended for this reason, which also its channels are told. */
  ended(reason: string): void {
    this.ends[ENDS_BY_REASON[reason] ?? 'client'] += 1;
  }
}

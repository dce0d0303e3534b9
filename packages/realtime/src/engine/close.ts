/** Close codes that the engine uses. phoenix.js comes back after all but 1000. */
export const CLOSE = {
  /** The channel of a direct connection ended in peace. */
  ended: 1000,
  /** The id of the socket was disconnected. */
  disconnected: 1001,
  /** Nothing received for the idle time-out. */
  idle: 1002,
  /** A frame that is not of the protocol, or the channel of a direct connection crashed. */
  malformed: 1011,
  shutdown: 1012,
  /** Too slow a reader, or a flood: come back later. */
  overload: 1013,
  /** What `connect` was granted has run out: come back with a new token. */
  expired: 4001,
} as const;

import './browser.ts';
import { createRequire } from 'node:module';
import type { PhoenixChannel, PhoenixSocket } from './phoenix.ts';

/** Presences as clients keep them. */
export type ClientPresences = Record<string, { metas: Record<string, unknown>[]; [extra: string]: unknown }>;

type SocketClass = new (url: string, options: object) => PhoenixSocket;
type PresenceClass = new (channel: PhoenixChannel) => { state: ClientPresences };
/** Up to 1.3: functions that take the old state and answer the new one. */
interface PresenceFunctions {
  syncState(old: ClientPresences, state: ClientPresences): ClientPresences;
  syncDiff(old: ClientPresences, diff: object): ClientPresences;
}

/** One published version of phoenix.js, as its package exports it. */
export interface PhoenixJs {
  version: string;
  Socket: SocketClass;
  LongPoll: unknown;
  /** Follows the presence of a channel in that version's own way. */
  presenceOf(channel: PhoenixChannel): () => ClientPresences;
}

const require = createRequire(import.meta.url);

function load(version: string, name: string): PhoenixJs {
  const { Socket, LongPoll, Presence } = require(name) as { Socket: SocketClass; LongPoll: unknown; Presence: PresenceClass | PresenceFunctions };
  const presenceOf = typeof Presence === 'function' ? byClass(Presence) : byFunctions(Presence);
  return { version, Socket, LongPoll, presenceOf };
}

function byClass(Presence: PresenceClass): PhoenixJs['presenceOf'] {
  return (channel) => {
    const presence = new Presence(channel);
    return () => presence.state;
  };
}

function byFunctions(Presence: PresenceFunctions): PhoenixJs['presenceOf'] {
  return (channel) => {
    let state: ClientPresences = {};
    channel.on('presence_state', (payload) => (state = Presence.syncState(state, payload)));
    channel.on('presence_diff', (payload) => (state = Presence.syncDiff(state, payload)));
    return () => state;
  };
}

/** The last release of each version that npm has. */
export const PHOENIX_JS: PhoenixJs[] = [
  ...['1.2', '1.3', '1.4', '1.5', '1.6', '1.7'].map((version) => load(version, `phoenix-${version}`)),
  load('1.8', 'phoenix'),
];

/** The versions from this one on. */
export function since(first: string): PhoenixJs[] {
  return PHOENIX_JS.filter(({ version }) => version >= first);
}

import { startRealtimeProcess } from '../../test/support/realtime-process.ts';
import { ServerProcess } from './server.ts';

/** A server of reel updates in a process of its own. */
export interface ReelServer {
  port: number;
  topic: string;
  /** Where a user connects. */
  path(user: string): Promise<string>;
  /** What a client pushes so that all learn of one more view. */
  view: [event: string, payload: object];
  /** Processor seconds so far. */
  cpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

/** The realtime process: views are counted for good, then told of. */
export async function startReels(databaseUrl: string, windowMs: number | undefined): Promise<ReelServer> {
  const window = windowMs === undefined ? {} : { REEL_WINDOW_MS: String(windowMs) };
  const realtime = await startRealtimeProcess(databaseUrl, { REEL_OPEN: 'true', REEL_INTERACTIONS_PER_SECOND: '10000', ...window });
  return {
    port: Number(new URL(realtime.url).port),
    topic: 'reel:bench',
    path: async (user) => `/socket/websocket?vsn=2.0.0&token=${await realtime.token(user)}`,
    view: ['interaction:view', {}],
    async cpuSeconds() {
      const text = await (await fetch(new URL('/metrics', realtime.url))).text();
      return Number(/^process_cpu_seconds_total\{[^}]*\} (.+)$/m.exec(text)?.[1]);
    },
    stop: () => realtime.stop(),
  };
}

/** The engine alone: each view is broadcast as it comes, and kept nowhere. */
export async function startPlainEngine(): Promise<ReelServer> {
  const server = await ServerProcess.start('engine');
  const counters = { likes: 1_234, comments: 56, shares: 7, views: 123_456, revision: 12_345 };
  const update = {
    id: '01940000-0000-7000-8000-000000000000', reel_id: 'bench', update_data: { views: 1, counters }, target_users: [], target_channel: null, timestamp: Date.now(), priority: 'low',
  };
  return {
    port: server.port,
    topic: 'bench:reel',
    path: async () => server.protocol.path,
    view: ['shout', update],
    cpuSeconds: async () => server.cpuSeconds(),
    stop: () => server.stop(),
  };
}

import type { Bus } from '@armoricore/shared/bus';
import { countDeadLetters } from '@armoricore/shared/dead-letters';
import type { Database } from '@armoricore/shared/db';
import { QUEUES } from '@armoricore/shared/jobs';
import { newId, type Log } from '@armoricore/shared/kernel';
import type { Metrics } from '@armoricore/shared/ops';
import type { QueueStore } from '@armoricore/shared/queues';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { z } from 'zod';
import { nodeStats, systemContract, type NodeStats } from '../contracts/system.ts';
import { createBacklogReader } from '../domain/backlogs.ts';
import { createNodeStats, type NodeReading } from '../domain/node-stats.ts';
import { createSystemStats, type StatsNetwork, type SystemStatsService } from '../domain/stats.ts';
import type { Endpoint, PubSub } from '../engine/index.ts';

/** A topic that no client can join: no channel has it. */
const TOPIC = 'armoricore.stats';
const TOP_TOPICS = 10;
const LONGEST_TOPIC = 256;
/** How often the event loop is timed, in ms; a fifth of a percent of a processor. */
const LOOP_RESOLUTION_MS = 10;

export interface StatsSources {
  /** `NODE_NAME`. */
  node: string;
  endpoint: Endpoint;
  pubsub: PubSub & { readonly lost: number };
  usersHere: () => number;
  bus: Bus;
  groups: readonly string[];
  db: Database;
  queues: () => Promise<QueueStore>;
  metrics: Metrics;
  log: Log;
}

/** The figures of this node and of the cluster, and the way by which nodes tell them. */
export function openStats({ node, endpoint, pubsub, usersHere, bus, groups, db, queues, metrics, log }: StatsSources): SystemStatsService {
  const measuring = measureProcess();
  const read = (): NodeReading => {
    return { sockets: endpoint.stats(), usersOnline: usersHere(), lostBroadcasts: pubsub.lost, topTopics: topTopicsOf(endpoint), ...measuring.read() };
  };
  const backlogs = createBacklogReader(
    {
      queues: async () => countQueues(await queues()),
      bus: async () => Object.fromEntries(await Promise.all(groups.map(async (group) => [group, await bus.backlog(group)] as const))),
      dead_letters: async () => (await countDeadLetters(db)).reduce((sum, { letters }) => sum + letters, 0),
    },
    { log },
  );
  const { topic } = systemContract;
  const stats = createSystemStats({
    sample: createNodeStats({ node, instance: newId(), version: versionOfPackage(), read }),
    network: statsNetwork(pubsub, log),
    audience: { isThere: () => endpoint.membersOf(topic) > 0, show: (shown) => endpoint.localBroadcast(topic, 'system_stats', shown) },
    backlogs,
  });
  watchSockets(metrics, endpoint, { usersHere, nodes: () => stats.others() + 1 });
  const { service } = stats;
  return { ...stats, service: { ...service, stop: () => (measuring.stop(), service.stop()) } };
}

function topTopicsOf(endpoint: Endpoint): NodeStats['top_topics'] {
  return endpoint.topTopics(TOP_TOPICS).map(({ topic, members }) => ({ topic: topic.slice(0, LONGEST_TOPIC), members }));
}

const packet = z.discriminatedUnion('kind', [z.object({ kind: z.literal('stats'), stats: nodeStats }), z.object({ kind: z.literal('left'), instance: z.uuid() })]);

function statsNetwork(pubsub: PubSub, log: Log): StatsNetwork {
  const publish = (payload: z.infer<typeof packet>): void => pubsub.publish({ topic: TOPIC, event: payload.kind, payload });
  return {
    tell: (stats) => publish({ kind: 'stats', stats }),
    leave: (instance) => publish({ kind: 'left', instance }),
    listen({ heard, left }) {
      return pubsub.subscribe(TOPIC, ({ payload }) => {
        const { success, data } = packet.safeParse(payload);
        if (!success) log.debug('a node of another version tells its figures in another way');
        else if (data.kind === 'stats') heard(data.stats);
        else left(data.instance);
      });
    },
  };
}

/** Each reading tells of the time since the one before. */
function measureProcess(): { read(): Pick<NodeReading, 'memory' | 'cpuMs' | 'eventLoop'>; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  let loop = performance.eventLoopUtilization();
  const read = () => {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const before = loop;
    loop = performance.eventLoopUtilization();
    const lag = (ns: number): number => Math.max(0, Math.round(ns / 1e5 - LOOP_RESOLUTION_MS * 10) / 10);
    const eventLoop: NodeStats['event_loop'] = {
      lag_p50_ms: lag(delay.percentile(50)),
      lag_p99_ms: lag(delay.percentile(99)),
      lag_max_ms: lag(delay.max),
      utilization: Math.min(1, Math.round(performance.eventLoopUtilization(loop, before).utilization * 1_000) / 1_000),
    };
    delay.reset();
    return { memory: { rss_bytes: rss, heap_used_bytes: heapUsed, heap_total_bytes: heapTotal, external_bytes: external }, cpuMs: (user + system) / 1_000, eventLoop };
  };
  return { read, stop: () => void delay.disable() };
}

async function countQueues(store: QueueStore) {
  const entries = await Promise.all(
    QUEUES.map(async (queue) => {
      const [counts, oldest] = await Promise.all([store.counts(queue), store.oldestWaitingMs(queue)]);
      return [queue, { ...counts, oldest_waiting_ms: oldest }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

function watchSockets(metrics: Metrics, endpoint: Endpoint, { usersHere, nodes }: { usersHere: () => number; nodes: () => number }): void {
  const one = (value: number) => [{ labels: {}, value }];
  const gauge = (name: string, help: string, value: () => number): void => metrics.gauge({ name, help, labels: [], read: () => one(value()) });
  const total = (name: string, help: string, value: () => number): void => metrics.total({ name, help, labels: [], read: () => one(value()) });
  gauge('socket_connections', 'Open sockets of this node.', () => endpoint.stats().connections);
  gauge('socket_channels', 'Channels that the sockets of this node have joined.', () => endpoint.stats().channels);
  gauge('socket_users', 'Users with a socket on this node.', usersHere);
  gauge('presence_entries', 'What presence tracks, on all nodes, as this one knows it.', () => endpoint.stats().presences);
  gauge('cluster_nodes', 'Nodes that this one knows of, itself included.', nodes);
  total('socket_joins_total', 'Joins that were accepted.', () => endpoint.stats().joins);
  total('socket_joins_refused_total', 'Joins that a channel refused.', () => endpoint.stats().refusedJoins);
  total('socket_volatile_replaced_total', 'Volatile messages that gave way to newer ones, as their client read too slowly.', () => endpoint.stats().replaced);
  metrics.total({
    name: 'socket_messages_total',
    help: 'Messages of clients, and messages to clients: one for each client.',
    labels: ['direction'],
    read() {
      const { messagesIn, messagesOut } = endpoint.stats();
      return [{ labels: { direction: 'in' }, value: messagesIn }, { labels: { direction: 'out' }, value: messagesOut }];
    },
  });
  metrics.total({
    name: 'socket_ends_total',
    help: 'Sockets that ended, by why; slow_consumer and flood were dropped for the sake of the others.',
    labels: ['reason'],
    read: () => Object.entries(endpoint.stats().ends).map(([reason, value]) => ({ labels: { reason }, value })),
  });
}

function versionOfPackage(): string {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
  return version;
}

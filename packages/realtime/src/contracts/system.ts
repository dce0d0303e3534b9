import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';

const count = z.number().int().min(0);
const rate = z.number().min(0);
const ms = z.number().min(0);

const topTopics = z.array(z.object({ topic: z.string(), members: count })).describe('The topics with the most subscribers.');

/** What is counted of sockets; of several nodes it adds up. */
const socketFigures = {
  connections: count.describe('Open sockets.'),
  channels: count.describe('Topics that they have joined, each counted for itself.'),
  users_online: count.describe('Users with a socket: one with sockets on two nodes counts on both.'),
  joins_total: count,
  joins_refused_total: count,
  messages_in_total: count.describe('Messages of clients.'),
  messages_out_total: count.describe('Messages to clients, one for each client.'),
  volatile_replaced_total: count.describe('Volatile messages that gave way to newer ones, as their client read too slowly.'),
  lost_broadcasts_total: count.describe('Broadcasts that did not get to the other nodes.'),
  joins_per_s: rate,
  messages_in_per_s: rate,
  messages_out_per_s: rate,
};
export const SUMMED = Object.keys(socketFigures) as (keyof typeof socketFigures)[];

/** One node. Totals are since it started; rates are of the last second or two. */
export const nodeStats = z
  .object({
    node: z.string().max(256).describe('`NODE_NAME`.'),
    instance: z.uuid().describe('Another one with every start.'),
    version: z.string(),
    started_at: z.iso.datetime(),
    at: z.iso.datetime(),
    uptime_s: ms,
    ...socketFigures,
    presences: count.describe('What presence tracks, on all nodes, as this one knows it.'),
    ends_total: z.record(z.string(), count).describe('Sockets that ended, by why: `slow_consumer`, `flood`, `idle` …'),
    top_topics: topTopics,
    memory: z.object({ rss_bytes: count, heap_used_bytes: count, heap_total_bytes: count, external_bytes: count }),
    cpu_percent: rate.describe('Of one processor.'),
    event_loop: z.object({ lag_p50_ms: ms, lag_p99_ms: ms, lag_max_ms: ms, utilization: z.number().min(0).max(1) }),
  })
  .meta({ id: 'NodeStats' });
export type NodeStats = z.infer<typeof nodeStats>;

export const clusterStats = z
  .object({ nodes: count, ...socketFigures, presences: count, ends_total: z.record(z.string(), count), top_topics: topTopics })
  .meta({ id: 'ClusterStats' });
export type ClusterStats = z.infer<typeof clusterStats>;

/** What waits; null where it cannot be had. */
export const backlogs = z
  .object({
    queues: z.record(z.string(), z.object({ waiting: count, active: count, delayed: count, failed: count, completed: count, oldest_waiting_ms: ms.nullable() })).nullable(),
    bus: z.record(z.string(), count).nullable().describe('Events that a consumer group has not handled yet.'),
    dead_letters: count.nullable(),
  })
  .describe('At most 5 s old.')
  .meta({ id: 'Backlogs' });
export type Backlogs = z.infer<typeof backlogs>;

/** Most nodes that are listed, this one first. */
export const MOST_NODES = 100;

export const systemStats = z
  .object({ node: nodeStats, cluster: clusterStats, nodes: z.array(nodeStats).describe(`All nodes, at most ${MOST_NODES}.`), backlogs })
  .meta({ id: 'SystemStats' });
export type SystemStats = z.infer<typeof systemStats>;

/** The figures of REST, once a second, for admins. */
export const systemContract = defineChannel({
  topic: 'system',
  out: { system_stats: { payload: systemStats, volatile: true } },
});

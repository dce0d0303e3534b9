import type { Service } from '@armoricore/shared/kernel';
import { checkHealth, healthReply } from '@armoricore/shared/ops';
import { z } from 'zod';
import { clusterStats, nodeStats, systemStats } from '../contracts/system.ts';
import type { SystemStatsService } from '../domain/stats.ts';
import type { Access } from './authenticate.ts';
import type { RestApp } from './route.ts';

export interface SystemDependencies {
  stats: SystemStatsService;
  healthOf: readonly Service[];
}

const tags = ['operations'] as const;
const access: Access = ['admin', 'service', 'viewer'];

const SOCKET_FIELDS = {
  connections: true, channels: true, users_online: true, presences: true, joins_total: true, joins_refused_total: true, joins_per_s: true, ends_total: true, top_topics: true,
} as const;
const PERFORMANCE_FIELDS = {
  node: true, instance: true, uptime_s: true, at: true, memory: true, cpu_percent: true, event_loop: true, messages_in_per_s: true, messages_out_per_s: true, joins_per_s: true,
  volatile_replaced_total: true, lost_broadcasts_total: true,
} as const;
const nodeSockets = nodeStats.pick({ node: true, instance: true, ...SOCKET_FIELDS });
const clusterSockets = clusterStats.pick({ nodes: true, ...SOCKET_FIELDS });
const nodePerformance = nodeStats.pick(PERFORMANCE_FIELDS);

const state = z.enum(['ok', 'degraded', 'unavailable']);
const health = z.object({
  status: state,
  checks: z.record(z.string(), z.object({ status: state })).describe('Of what this node depends on; why one fails is in the log.'),
  node: z.string(),
  version: z.string(),
  uptime_s: z.number(),
  nodes: z.array(z.object({ node: z.string(), instance: z.string(), version: z.string(), at: z.iso.datetime() })).describe('Nodes that were heard of in the last 10 s.'),
});

/** Figures of this node and of the cluster: those of the node a second old at most, those of the others two. */
export function systemRoutes(app: RestApp, { stats, healthOf }: SystemDependencies): void {
  app.get('/system/stats', { config: { access }, schema: { tags, summary: 'All figures: of this node, of every node, of all together.', response: { 200: systemStats } } }, () =>
    stats.read(),
  );

  app.get(
    '/system/health',
    { config: { access }, schema: { tags, summary: 'How this node and what it depends on are, and which nodes there are.', response: { 200: health, 503: health } } },
    async (_request, reply) => {
      const { code, body } = healthReply(await checkHealth(healthOf));
      const { node: here, nodes } = stats.figures();
      const { node, version, uptime_s } = here;
      return reply.status(code).send({ ...body, node, version, uptime_s, nodes: nodes.map((one) => ({ node: one.node, instance: one.instance, version: one.version, at: one.at })) });
    },
  );

  app.get(
    '/system/performance',
    {
      config: { access },
      schema: { tags, summary: 'Memory, processor, event loop and messages a second, of each node.', response: { 200: z.object({ node: nodePerformance, nodes: z.array(nodePerformance) }) } },
    },
    () => {
      const { node, nodes } = stats.figures();
      return { node: nodePerformance.parse(node), nodes: nodes.map((one) => nodePerformance.parse(one)) };
    },
  );

  app.get(
    '/connections/stats',
    {
      config: { access },
      schema: {
        tags,
        summary: 'Sockets, users and topics: of this node, of each, of all together.',
        response: { 200: z.object({ node: nodeSockets, cluster: clusterSockets, nodes: z.array(nodeSockets) }) },
      },
    },
    () => {
      const { node, nodes, cluster } = stats.figures();
      return { node: nodeSockets.parse(node), cluster: clusterSockets.parse(cluster), nodes: nodes.map((one) => nodeSockets.parse(one)) };
    },
  );
}

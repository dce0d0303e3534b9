import { AppError } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { AuditService } from '../domain/audit.ts';
import type { Channel, Endpoint } from '../engine/index.ts';
import { actorOf } from './authenticate.ts';
import type { RestApp } from './route.ts';

/** Largest body of a broadcast, in bytes. */
const MOST_BYTES = 64 * 1024;

const broadcast = z.strictObject({
  // What begins with phx_ or presence_ is the protocol's own.
  event: z.string().regex(/^(?!phx_|presence_)[\w:.-]{1,128}$/, 'has up to 128 letters, digits, _, :, . and -, and does not begin with phx_ or presence_'),
  payload: z.record(z.string(), z.unknown()).default({}),
});

export interface TopicDependencies {
  endpoint: Pick<Endpoint, 'broadcast'>;
  /** The channels of clients: nothing goes to topics that are of nodes alone. */
  channels: readonly Pick<Channel<never>, 'match'>[];
  audit: AuditService;
}

/** `POST /topics/:topic/broadcast`: an event for everyone who joined the topic, on any node. That it was sent is in the audit log, what was sent is not. */
export function topicRoutes(app: RestApp, { endpoint, channels, audit }: TopicDependencies): void {
  app.post(
    '/topics/:topic/broadcast',
    {
      bodyLimit: MOST_BYTES,
      config: { access: ['service'] },
      schema: {
        tags: ['sockets'],
        summary: 'Send an event to everyone who joined a topic, on all nodes.',
        description: 'At most 64 KiB. That it was sent is in the audit log, the payload is not kept.',
        params: z.object({ topic: z.string().min(1).max(255) }),
        body: broadcast,
        response: { 202: z.object({ topic: z.string(), event: z.string() }) },
        errors: ['not_found'],
      },
    },
    async (request, reply) => {
      const { topic } = request.params;
      if (!channels.some((channel) => channel.match(topic) !== null)) throw new AppError('not_found', { topic });
      const { event, payload } = request.body;
      await audit.record({ actor: actorOf(request.identity, request), action: 'topic.broadcast', subject: `topic:${topic}`, details: { event } });
      endpoint.broadcast(topic, event, payload);
      return reply.status(202).send({ topic, event });
    },
  );
}

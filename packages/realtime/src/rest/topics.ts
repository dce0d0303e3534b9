import { AppError } from '@armoricore/shared/kernel';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Channel, Endpoint } from '../engine/index.ts';
import { requireRole, type Authenticate } from './authenticate.ts';
import { parse } from './parse.ts';

/** Largest body of a broadcast, in bytes. */
const MOST_BYTES = 64 * 1024;

const paramsSchema = z.object({ topic: z.string().min(1).max(255) });
const bodySchema = z.strictObject({
  // What begins with phx_ or presence_ is the protocol's own.
  event: z.string().regex(/^(?!phx_|presence_)[\w:.-]{1,128}$/, 'has up to 128 letters, digits, _, :, . and -, and does not begin with phx_ or presence_'),
  payload: z.record(z.string(), z.unknown()).default({}),
});

export interface TopicDependencies {
  endpoint: Pick<Endpoint, 'broadcast'>;
  /** The channels of clients: nothing goes to topics that are of nodes alone. */
  channels: readonly Pick<Channel<never>, 'match'>[];
  authenticate: Authenticate;
}

/** `POST /topics/:topic/broadcast`: an event for everyone who joined the topic, on any node. Nothing is kept of it. */
export function topicRoutes(app: FastifyInstance, { endpoint, channels, authenticate }: TopicDependencies): void {
  app.post('/topics/:topic/broadcast', { bodyLimit: MOST_BYTES }, async (request, reply) => {
    requireRole(await authenticate(request), 'service');
    const { topic } = parse(paramsSchema, request.params);
    if (!channels.some((channel) => channel.match(topic) !== null)) throw new AppError('not_found', { topic });
    const { event, payload } = parse(bodySchema, request.body);
    endpoint.broadcast(topic, event, payload);
    return reply.status(202).send({ topic, event });
  });
}

import type { Bus } from '@armoricore/shared/bus';
import { assertSource, MAX_EVENT_BYTES, parseEvent } from '@armoricore/shared/events';
import type { FastifyInstance } from 'fastify';
import { requireRole, type Authenticate } from './authenticate.ts';

/** `POST /events`: publish without a bus client. 202 when accepted, 200 when the same event was accepted before. */
export function eventRoutes(app: FastifyInstance, { bus, authenticate }: { bus: Bus; authenticate: Authenticate }): void {
  app.post('/events', { bodyLimit: MAX_EVENT_BYTES }, async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service');
    const event = parseEvent(request.body);
    assertSource(event, identity.sources);
    const { duplicate } = await bus.publish(event);
    return reply.status(duplicate ? 200 : 202).send({ event_id: event.event_id, duplicate });
  });
}

import type { Bus } from '@armoricore/shared/bus';
import { eventDefinition, MAX_EVENT_BYTES, parseEvent, type EventSource } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import type { FastifyInstance } from 'fastify';
import type { Identity } from '../auth/identity.ts';
import { requireRole, type Authenticate } from './authenticate.ts';

/** `POST /events`: publish without a bus client. 202 when accepted, 200 when the same event was accepted before. */
export function eventRoutes(app: FastifyInstance, { bus, authenticate }: { bus: Bus; authenticate: Authenticate }): void {
  app.post('/events', { bodyLimit: MAX_EVENT_BYTES }, async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'service');
    const event = parseEvent(request.body);
    assertSource(event.source, event.event_type, identity);
    const { duplicate } = await bus.publish(event);
    return reply.status(duplicate ? 200 : 202).send({ event_id: event.event_id, duplicate });
  });
}

function assertSource(source: string, type: string, identity: Identity): void {
  const allowed = eventDefinition(type).from.filter((known) => identity.sources.includes(known));
  if (!allowed.includes(source as EventSource)) throw new AppError('source_not_allowed', { source, event_type: type, allowed });
}

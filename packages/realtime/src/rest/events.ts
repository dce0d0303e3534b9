import type { Bus } from '@armoricore/shared/bus';
import { assertSource, envelopeSchema, EVENT_TYPES, eventDefinition, MAX_EVENT_BYTES, parseEvent, type BusEvent } from '@armoricore/shared/events';
import { z } from 'zod';
import { checkedBy, type RestApp } from './route.ts';

/** Every event of the bus, for the document. */
const events = EVENT_TYPES.map((type) => {
  const { payload, doc } = eventDefinition(type);
  return envelopeSchema.extend({ event_type: z.literal(type), payload }).meta({ id: type, description: doc });
});
const anyEvent = z.union(events) as unknown as z.ZodType<BusEvent>;

/** `POST /events`: publish without a bus client. 202 when accepted, 200 when the same event was accepted before. */
export function eventRoutes(app: RestApp, { bus }: { bus: Bus }): void {
  app.post(
    '/events',
    {
      bodyLimit: MAX_EVENT_BYTES,
      config: { access: ['service'] },
      schema: {
        tags: ['events'],
        summary: 'Publish an event on the bus.',
        description: 'As the `sources` of the token alone, and only types that such a source may publish. 200 instead of 202: it was accepted before.',
        body: anyEvent,
        response: {
          200: z.object({ event_id: z.uuid(), duplicate: z.literal(true) }),
          202: z.object({ event_id: z.uuid(), duplicate: z.literal(false) }),
        },
        errors: ['invalid_event', 'unknown_event_type', 'source_not_allowed', 'event_id_conflict'],
      },
      validatorCompiler: checkedBy(parseEvent),
    },
    async (request, reply) => {
      const event = request.body;
      assertSource(event, request.identity.sources);
      const { duplicate } = await bus.publish(event);
      return duplicate ? reply.status(200).send({ event_id: event.event_id, duplicate }) : reply.status(202).send({ event_id: event.event_id, duplicate });
    },
  );
}

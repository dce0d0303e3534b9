import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DeadLetterFilter, DeadLetterService, DeadLetterSummary, Selection } from '../domain/dead-letters.ts';
import { actorOf, requireRole, type Authenticate } from './authenticate.ts';
import { pageFields, parse } from './parse.ts';

/** Letters that one call acts on at most. */
const MOST_AT_ONCE = 100;

const word = z.string().min(1).max(128);
const filterFields = {
  kind: z.enum(['event', 'job']).optional(),
  origin: word.optional(),
  name: word.optional(),
  reason: word.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
};
type Written = Omit<DeadLetterFilter, 'since' | 'until'> & { since?: string | undefined; until?: string | undefined };
const querySchema = z.strictObject({ ...filterFields, ...pageFields });
const idSchema = z.object({ id: z.uuid() });
const selectionSchema = z.union([
  z.strictObject({ ids: z.array(z.uuid()).min(1).max(MOST_AT_ONCE) }),
  z.strictObject({
    filter: z.strictObject(filterFields).refine((filter) => Object.keys(filter).length > 0, 'names at least one field'),
    after: z.uuid().optional(),
    limit: z.number().int().min(1).max(MOST_AT_ONCE).default(MOST_AT_ONCE),
  }),
]);

export interface DeadLetterDependencies {
  deadLetters: DeadLetterService;
  authenticate: Authenticate;
}

/** Events and jobs that failed for good: seen by admins and viewers, handed out once more or thrown away by admins. */
export function deadLetterRoutes(app: FastifyInstance, { deadLetters, authenticate }: DeadLetterDependencies): void {
  app.get('/dead-letters', async (request) => {
    requireRole(await authenticate(request), 'admin', 'viewer');
    const { after, limit, ...filter } = parse(querySchema, request.query);
    const { entries, next } = await deadLetters.list(withDates(filter), { after, limit });
    return { dead_letters: entries.map(viewOf), next };
  });

  app.get('/dead-letters/:id', async (request) => {
    requireRole(await authenticate(request), 'admin', 'viewer');
    const { payload, ...letter } = await deadLetters.get(parse(idSchema, request.params).id);
    return { dead_letter: { ...viewOf(letter), payload } };
  });

  app.post('/dead-letters/:id/replay', async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'admin');
    return reply.status(202).send(await deadLetters.replay(parse(idSchema, request.params).id, actorOf(identity, request)));
  });

  app.delete('/dead-letters/:id', async (request) => {
    const identity = await authenticate(request);
    requireRole(identity, 'admin');
    const { id } = parse(idSchema, request.params);
    await deadLetters.discard(id, actorOf(identity, request));
    return { id };
  });

  app.post('/dead-letters/replay', async (request, reply) => {
    const identity = await authenticate(request);
    requireRole(identity, 'admin');
    const { done, ...rest } = await deadLetters.replayMany(selectionOf(request.body), actorOf(identity, request));
    return reply.status(202).send({ replayed: done, ...rest });
  });

  app.post('/dead-letters/discard', async (request) => {
    const identity = await authenticate(request);
    requireRole(identity, 'admin');
    const { done, ...rest } = await deadLetters.discardMany(selectionOf(request.body), actorOf(identity, request));
    return { discarded: done, ...rest };
  });
}

function selectionOf(body: unknown): Selection {
  const selection = parse(selectionSchema, body);
  return 'ids' in selection ? selection : { ...selection, filter: withDates(selection.filter) };
}

function withDates({ since, until, ...filter }: Written): DeadLetterFilter {
  return { ...filter, ...(since && { since: new Date(since) }), ...(until && { until: new Date(until) }) };
}

/** A letter as callers see it. */
function viewOf(letter: DeadLetterSummary) {
  return {
    id: letter.id,
    kind: letter.kind,
    origin: letter.origin,
    ref_id: letter.refId,
    name: letter.name,
    reason: letter.reason,
    attempts: letter.attempts,
    last_error: letter.lastError,
    payload_bytes: letter.payloadBytes,
    created_at: letter.createdAt.toISOString(),
  };
}

import { z } from 'zod';
import { plainText } from '../contracts/text.ts';
import type { DeadLetterFilter, DeadLetterService, DeadLetterSummary, Selection } from '../domain/dead-letters.ts';
import { actorOf } from './authenticate.ts';
import { nextPage, pageFields, type RestApp } from './route.ts';

/** Letters that one call acts on at most. */
const MOST_AT_ONCE = 100;

const tags = ['operations'] as const;
const params = z.object({ id: z.uuid() });
const word = plainText(128);
const filterFields = {
  kind: z.enum(['event', 'job']).optional(),
  origin: word.optional().describe('The consumer group or queue, or `intake`.'),
  name: word.optional().describe('The event type or the job.'),
  reason: word.optional().describe('A code of the error table.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Buried at this time or later …'),
  until: z.iso.datetime({ offset: true }).optional().describe('… and before this one.'),
};
type Written = Omit<DeadLetterFilter, 'since' | 'until'> & { since?: string | undefined; until?: string | undefined };

const selection = z
  .union([
    z.strictObject({ ids: z.array(z.uuid()).min(1).max(MOST_AT_ONCE) }),
    z.strictObject({
      filter: z.strictObject(filterFields).refine((filter) => Object.keys(filter).length > 0, 'names at least one field'),
      after: z.uuid().optional(),
      limit: z.number().int().min(1).max(MOST_AT_ONCE).default(MOST_AT_ONCE),
    }),
  ])
  .meta({ id: 'Selection', description: 'Some by id, or the oldest that pass a filter of one or more fields.' });

const summaryFields = {
  id: z.uuid(),
  kind: z.enum(['event', 'job']),
  origin: z.string(),
  ref_id: z.string(),
  name: z.string(),
  reason: z.string(),
  attempts: z.number().int(),
  last_error: z.string(),
  payload_bytes: z.number().int(),
  created_at: z.iso.datetime(),
};
const summary = z.object(summaryFields).meta({ id: 'DeadLetterSummary' });
const deadLetter = z.object({ ...summaryFields, payload: z.unknown() }).meta({ id: 'DeadLetter' });
const resultFields = {
  refused: z.array(z.object({ id: z.uuid(), reason: z.string() })).describe('Those that stay, and why.'),
  remaining: z.number().int().describe('How many pass the filter after `next`.'),
  next: nextPage,
};

/** Events and jobs that failed for good: seen by admins and viewers, handed out once more or thrown away by admins. */
export function deadLetterRoutes(app: RestApp, { deadLetters }: { deadLetters: DeadLetterService }): void {
  app.get(
    '/dead-letters',
    {
      config: { access: ['admin', 'viewer'] },
      schema: {
        tags,
        summary: 'List dead letters, newest first, without payloads.',
        querystring: z.strictObject({ ...filterFields, ...pageFields }),
        response: { 200: z.object({ dead_letters: z.array(summary), next: nextPage }) },
      },
    },
    async (request) => {
      const { after, limit, ...filter } = request.query;
      const { entries, next } = await deadLetters.list(withDates(filter), { after, limit });
      return { dead_letters: entries.map(viewOf), next };
    },
  );

  app.get(
    '/dead-letters/:id',
    {
      config: { access: ['admin', 'viewer'] },
      schema: {
        tags,
        summary: 'A dead letter with its payload.',
        params,
        response: { 200: z.object({ dead_letter: deadLetter }) },
        errors: ['not_found', 'payload_too_large'],
      },
    },
    async (request) => {
      const { payload, ...letter } = await deadLetters.get(request.params.id);
      return { dead_letter: { ...viewOf(letter), payload } };
    },
  );

  app.post(
    '/dead-letters/:id/replay',
    {
      config: { access: ['admin'] },
      schema: {
        tags,
        summary: 'Hand a dead letter out once more.',
        params,
        response: { 202: z.object({ event_id: z.uuid() }) },
        errors: ['not_found', 'not_replayable', 'payload_too_large'],
      },
    },
    async (request, reply) => reply.status(202).send(await deadLetters.replay(request.params.id, actorOf(request.identity, request))),
  );

  app.delete(
    '/dead-letters/:id',
    {
      config: { access: ['admin'] },
      schema: { tags, summary: 'Throw a dead letter away.', params, response: { 200: z.object({ id: z.uuid() }) }, errors: ['not_found'] },
    },
    async (request) => {
      const { id } = request.params;
      await deadLetters.discard(id, actorOf(request.identity, request));
      return { id };
    },
  );

  app.post(
    '/dead-letters/replay',
    {
      config: { access: ['admin'] },
      schema: {
        tags,
        summary: 'Hand many dead letters out once more, the oldest first.',
        body: selection,
        response: { 202: z.object({ replayed: z.array(z.uuid()), ...resultFields }) },
      },
    },
    async (request, reply) => {
      const { done, ...rest } = await deadLetters.replayMany(selectionOf(request.body), actorOf(request.identity, request));
      return reply.status(202).send({ replayed: done, ...rest });
    },
  );

  app.post(
    '/dead-letters/discard',
    {
      config: { access: ['admin'] },
      schema: {
        tags,
        summary: 'Throw many dead letters away, the oldest first.',
        body: selection,
        response: { 200: z.object({ discarded: z.array(z.uuid()), ...resultFields }) },
      },
    },
    async (request) => {
      const { done, ...rest } = await deadLetters.discardMany(selectionOf(request.body), actorOf(request.identity, request));
      return { discarded: done, ...rest };
    },
  );
}

function selectionOf(chosen: z.infer<typeof selection>): Selection {
  return 'ids' in chosen ? chosen : { ...chosen, filter: withDates(chosen.filter) };
}

function withDates({ since, until, ...filter }: Written): DeadLetterFilter {
  return { ...filter, ...(since && { since: new Date(since) }), ...(until && { until: new Date(until) }) };
}

/** A letter as callers see it. */
function viewOf(letter: DeadLetterSummary): z.infer<typeof summary> {
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

import type { DeadLetterRow } from '@armoricore/shared/db';
import { AppError, describeError, type Log } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import type { Act, Actor } from './audit.ts';
import { loadPayload } from './dead-letter-payload.ts';
import { pageOf, type Page } from './page.ts';
import { replayOf, type Replay } from './replay.ts';

export type DeadLetterSummary = Omit<DeadLetterRow, 'payload'>;

export interface DeadLetterFilter {
  kind?: DeadLetterRow['kind'] | undefined;
  origin?: string | undefined;
  name?: string | undefined;
  reason?: string | undefined;
  /** Buried at this time or later … */
  since?: Date | undefined;
  /** … and before this one. */
  until?: Date | undefined;
}

/** Which letters an act on many is for: some by id, or the oldest that pass a filter. */
export type Selection = { ids: readonly string[] } | ({ filter: DeadLetterFilter } & Page);

/** What came of an act on many. Letters that pass the filter and lie after `next` are for the following call. */
export interface BulkResult {
  done: string[];
  refused: { id: string; reason: string }[];
  remaining: number;
  next: string | null;
}

/** Where dead letters are kept. */
export interface DeadLetterRepository {
  list(filter: DeadLetterFilter, page: Page, order: 'newest' | 'oldest'): Promise<DeadLetterSummary[]>;
  /** Letters that pass the filter, of those after the given id when there is one. */
  count(filter: DeadLetterFilter, after?: string): Promise<number>;
  find(id: string): Promise<DeadLetterRow | null>;
  /** Id of the letter of a job. */
  idOfJob(queue: string, jobId: string): Promise<string | null>;
  /** In one transaction: deletes the letter, writes the act down and publishes `replay`. False when the letter was gone. */
  remove(id: string, act: Act, replay?: Replay): Promise<boolean>;
}

export type DeadLetterService = ReturnType<typeof createDeadLetterService>;

/** What operators do with events and jobs that failed for good. The REST API and pages use the same functions. */
export function createDeadLetterService({ repository, storage, log }: { repository: DeadLetterRepository; storage: Storage; log: Log }) {
  async function found(id: string): Promise<DeadLetterRow> {
    const letter = await repository.find(id);
    if (letter === null) throw new AppError('not_found', { dead_letter_id: id });
    return letter;
  }

  async function remove({ id, payloadKey, ...letter }: DeadLetterRow, actor: Actor, action: string, again?: Replay): Promise<void> {
    const details = { kind: letter.kind, origin: letter.origin, name: letter.name, ref_id: letter.refId, reason: letter.reason };
    const act = { actor, action, subject: `dead_letter:${id}`, details: { ...details, ...(again && { event_id: again.event.event_id }) } };
    if (!(await repository.remove(id, act, again))) throw new AppError('not_found', { dead_letter_id: id });
    if (payloadKey === null) return;
    await storage.delete(payloadKey).catch((error: unknown) => {
      log.warn({ key: payloadKey, reason: describeError(error) }, 'the payload of a removed dead letter could not be deleted');
    });
  }

  async function replay(id: string, actor: Actor): Promise<{ event_id: string }> {
    const letter = await found(id);
    const again = replayOf(letter, await loadPayload(letter, storage));
    await remove(letter, actor, 'dead_letter.replay', again);
    return { event_id: again.event.event_id };
  }

  async function discard(id: string, actor: Actor): Promise<void> {
    await remove(await found(id), actor, 'dead_letter.discard');
  }

  /** One after the other, each a transaction of its own; a letter that is refused stays and holds up no other. */
  async function each(selection: Selection, act: (id: string) => Promise<unknown>): Promise<BulkResult> {
    const { entries, next } = 'ids' in selection ? { entries: selection.ids.map((id) => ({ id })), next: null } : await oldest(selection);
    const result: BulkResult = { done: [], refused: [], remaining: 0, next };
    for (const { id } of entries) {
      try {
        await act(id);
        result.done.push(id);
      } catch (error) {
        if (!(error instanceof AppError) || error.retryable) throw error;
        result.refused.push({ id, reason: error.code });
      }
    }
    if (next !== null && 'filter' in selection) result.remaining = await repository.count(selection.filter, next);
    return result;
  }

  async function oldest({ filter, after, limit }: { filter: DeadLetterFilter } & Page) {
    return pageOf(await repository.list(filter, { after, limit: limit + 1 }, 'oldest'), limit, ({ id }) => id);
  }

  return {
    /** Newest first, without payloads. */
    async list(filter: DeadLetterFilter, page: Page): Promise<{ entries: DeadLetterSummary[]; next: string | null }> {
      return pageOf(await repository.list(filter, { ...page, limit: page.limit + 1 }, 'newest'), page.limit, ({ id }) => id);
    },

    /** With its payload, wherever that stands. @throws AppError `not_found`, `payload_too_large` */
    async get(id: string): Promise<DeadLetterRow> {
      const letter = await found(id);
      return { ...letter, payload: await loadPayload(letter, storage) };
    },

    /**
     * Hands it out once more: the event under a new id to the group that failed, or for a job the event that starts it.
     * @throws AppError `not_found`, `not_replayable`
     */
    replay,

    /** Replays the letter of a job. @throws AppError `not_replayable`, also when there is no letter (any more) */
    async replayJob(queue: string, jobId: string, actor: Actor): Promise<{ event_id: string }> {
      const id = await repository.idOfJob(queue, jobId);
      if (id === null) throw new AppError('not_replayable', { job_id: jobId, why: 'Its dead letter was handed out or thrown away before.' });
      return replay(id, actor);
    },

    /** @throws AppError `not_found` */
    discard,

    replayMany: (selection: Selection, actor: Actor): Promise<BulkResult> => each(selection, (id) => replay(id, actor)),
    discardMany: (selection: Selection, actor: Actor): Promise<BulkResult> => each(selection, (id) => discard(id, actor)),
  };
}

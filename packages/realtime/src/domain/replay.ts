import type { DeadLetterRow } from '@armoricore/shared/db';
import { createEvent, eventDefinition, parseEvent, type BusEvent } from '@armoricore/shared/events';
import { jobContract } from '@armoricore/shared/jobs';
import { AppError, deriveId } from '@armoricore/shared/kernel';

/** The consumer group that turns events into jobs, where a job has none of its own. */
const JOBS_GROUP = 'jobs';
/** The origin of what other systems sent and is no event: no group ever had it. */
const INTAKE = 'intake';

/** An event that is published for one consumer group alone. */
export interface Replay {
  event: BusEvent;
  group: string;
}

/**
 * The event that hands a letter out once more. Its id follows from the letter's, so that a replay is told from what failed
 * and two replays of one letter are one.
 * @throws AppError `not_replayable`, with `why`, when the payload is no valid event or no input of the job
 */
export function replayOf(letter: DeadLetterRow, payload: unknown): Replay {
  if (letter.origin === INTAKE) throw refusal(letter, 'it never was an event');
  const eventId = deriveId(letter.id, 'replay');
  try {
    if (letter.kind === 'job') return { event: triggerOf(letter.name, payload, eventId), group: jobContract(letter.name).group ?? JOBS_GROUP };
    return { event: parseEvent({ ...(payload as object), event_id: eventId }), group: letter.origin };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw refusal(letter, error.message, error);
  }
}

function triggerOf(name: string, input: unknown, eventId: string): BusEvent {
  const { trigger } = jobContract(name);
  const { from } = eventDefinition(trigger);
  const source = from.find((known) => known === 'realtime') ?? from[0];
  if (source === undefined) throw new AppError('source_not_allowed', { event_type: trigger });
  return createEvent(trigger, input as never, { source, eventId });
}

function refusal({ id }: DeadLetterRow, why: string, cause?: AppError): AppError {
  return new AppError('not_replayable', { dead_letter_id: id, why, ...(cause && { cause: cause.code }) }, { cause });
}

import type { DeadLetterRow } from '@armoricore/shared/db';
import { JOB_CONTRACTS } from '@armoricore/shared/jobs';
import { newId } from '@armoricore/shared/kernel';
import { expect, it } from 'vitest';
import { EXAMPLES } from '../../../shared/test/events/examples.ts';
import { replayOf } from '../../src/domain/replay.ts';

it.each(JOB_CONTRACTS.map((contract) => [contract.name, contract] as const))('a letter of %s goes to the group that makes such jobs', (name, { trigger, queue, group = 'jobs' }) => {
  const letter: DeadLetterRow = { id: newId(), kind: 'job', origin: queue, refId: newId(), name, reason: 'internal', attempts: 1, lastError: '', payload: null, createdAt: new Date() } as never;
  expect(replayOf(letter, EXAMPLES[trigger])).toMatchObject({ group, event: { event_type: trigger } });
});

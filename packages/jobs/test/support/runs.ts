import { once } from 'node:events';
import { waitFor } from '../../../../test/support/wait.ts';
import type { JobContext } from '../../src/core/index.ts';

/** A run that lasts until its signal aborts, and what it saw. It makes its scratch folder. */
export function untilAborted() {
  const contexts: JobContext[] = [];
  const run = async (_input: unknown, context: JobContext): Promise<void> => {
    contexts.push(context);
    if (context.scratchDir === '') throw new Error('no scratch folder');
    await once(context.signal, 'abort');
    throw new Error('cut short');
  };
  return { run, contexts, started: () => waitFor(() => contexts[0], { what: 'the run' }) };
}

/** A run that notes which try it is, and that fails while there are `failures` left. */
export function noting(failures: readonly Error[] = []) {
  const attempts: number[] = [];
  const run = async (_input: unknown, { attempt }: JobContext): Promise<void> => {
    attempts.push(attempt);
    const failure = failures[attempts.length - 1];
    if (failure !== undefined) throw failure;
  };
  return { run, attempts };
}

import { expect, it } from 'vitest';
import * as jobs from '../../src/jobs/index.ts';

it('knows every job by its name', () => {
  const contracts = Object.values(jobs).filter((value) => typeof value === 'object' && 'trigger' in value);
  expect(jobs.JOB_CONTRACTS).toEqual(contracts);
  for (const contract of jobs.JOB_CONTRACTS) expect(jobs.jobContract(contract.name)).toBe(contract);
  expect(() => jobs.jobContract('media.eat')).toThrow('There is no job of this name.');
});

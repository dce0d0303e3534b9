import { AppError } from '../kernel/errors.ts';
import type { JobContract } from './contract.ts';
import { mediaTranscode } from './media.ts';

/** Every job of the product. */
export const JOB_CONTRACTS: readonly JobContract[] = [mediaTranscode as unknown as JobContract];

/** The contract of a name. @throws AppError `not_found` */
export function jobContract(name: string): JobContract {
  const contract = JOB_CONTRACTS.find((known) => known.name === name);
  if (contract === undefined) throw new AppError('not_found', { job: name.slice(0, 128) }, { message: 'There is no job of this name.' });
  return contract;
}

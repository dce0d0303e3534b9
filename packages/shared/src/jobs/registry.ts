import { AppError } from '../kernel/errors.ts';
import { captionTranscribe } from './captions.ts';
import type { JobContract } from './contract.ts';
import { mediaTranscode } from './media.ts';
import { moderationCheck } from './moderation.ts';
import { notificationSend } from './notification.ts';

/** Every job of the product. */
export const JOB_CONTRACTS: readonly JobContract[] = [
  captionTranscribe as unknown as JobContract,
  mediaTranscode as unknown as JobContract,
  moderationCheck as unknown as JobContract,
  notificationSend as unknown as JobContract,
];

/** The contract of a name. @throws AppError `not_found` */
export function jobContract(name: string): JobContract {
  const contract = JOB_CONTRACTS.find((known) => known.name === name);
  if (contract === undefined) throw new AppError('not_found', { job: name.slice(0, 128) }, { message: 'There is no job of this name.' });
  return contract;
}

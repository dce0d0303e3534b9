import { createEvent, type BusEvent, type CaptionFormat } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import { hasRole, ownsOrAdmin, type Identity } from '../auth/identity.ts';
import { isDeleted, type MediaRepository } from './media.ts';
import type { Rate, RateLimiter } from './rate-limit.ts';

/** Each request costs minutes of a processor, or money. */
const RATE: Rate = { perSecond: 0.1, burst: 10 };

export interface CaptionServiceOptions {
  repository: Pick<MediaRepository, 'find'>;
  publish: (event: BusEvent<'transcription.requested'>) => Promise<unknown>;
  limiter: RateLimiter;
}

export type CaptionService = ReturnType<typeof createCaptionService>;

/** Asking for captions. */
export function createCaptionService({ repository, publish, limiter }: CaptionServiceOptions) {
  return {
    /**
     * Has a media captioned, for its owner, admins and services; resolves to the id of the job.
     * @throws AppError `not_found`, `media_not_ready`, `rate_limited`
     */
    async request(id: string, asked: { language?: string | undefined; formats: CaptionFormat[] }, identity: Identity): Promise<string> {
      const row = await repository.find(id);
      const mayAsk = row !== null && !isDeleted(row) && (ownsOrAdmin(identity, row.userId) || hasRole(identity, 'service'));
      if (!mayAsk) throw new AppError('not_found', { media_id: id });
      if (row.state !== 'ready') throw new AppError('media_not_ready', { state: row.state });
      const wait = limiter.take(identity.userId, RATE);
      if (wait > 0) throw new AppError('rate_limited', { retry_after_ms: wait });
      const { language, formats } = asked;
      const payload = { media_id: id, user_id: row.userId, formats, ...(language === undefined ? {} : { language }) };
      const event = createEvent('transcription.requested', payload, { source: 'realtime', userId: row.userId });
      await publish(event);
      return event.event_id;
    },
  };
}

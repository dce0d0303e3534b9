import { consumerService, handleOnce, type Bus } from '@armoricore/shared/bus';
import { createEvent } from '@armoricore/shared/events';
import type { Database } from '@armoricore/shared/db';
import { deriveId, type Service } from '@armoricore/shared/kernel';
import { SOURCE } from './job.ts';
import { tracksOf } from './records.ts';

/** Its own consumer group: it may be turned on and off. */
const GROUP = 'captions';

/** Asks for captions of every media that becomes ready, once; one that is announced again and has captions keeps them. */
export function createAutoCaptions({ bus, db }: { bus: Bus; db: Database }): Service {
  return consumerService('auto-captions', bus, {
    group: GROUP,
    types: ['media.ready'],
    async handler(event) {
      await handleOnce(db, GROUP, event, async (transaction) => {
        const { media_id, user_id } = event.payload;
        if ((await tracksOf(transaction, media_id)).length > 0) return;
        const payload = { media_id, user_id, formats: ['vtt' as const, 'srt' as const, 'hls' as const] };
        const asked = createEvent('transcription.requested', payload, { source: SOURCE, eventId: deriveId(event.event_id, 'captions'), userId: user_id });
        await bus.publish(asked, { transaction });
      });
    },
  });
}

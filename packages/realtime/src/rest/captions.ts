import { CAPTION_FORMATS, languageTag } from '@armoricore/shared/events';
import { z } from 'zod';
import { plainText } from '../contracts/text.ts';
import type { CaptionService } from '../domain/captions.ts';
import type { RestApp } from './route.ts';

/** `POST /media/:id/captions`. */
export function captionRoutes(app: RestApp, { captions }: { captions: CaptionService }): void {
  app.post(
    '/media/:id/captions',
    {
      config: { access: 'token' },
      schema: {
        tags: ['media'],
        summary: 'Have a media captioned.',
        description: 'For its owner, admins and services. `transcription:complete` or `transcription:failed` tells of the end; captions of the same language are replaced, others stay.',
        params: z.object({ id: plainText(128) }),
        body: z
          .strictObject({
            language: languageTag.optional().describe('What is spoken, when it is known.'),
            formats: z.array(z.enum(CAPTION_FORMATS)).min(1).max(CAPTION_FORMATS.length).default([...CAPTION_FORMATS]),
          })
          .prefault({}),
        response: { 202: z.object({ media_id: z.string(), job_id: z.uuid() }) },
        errors: ['not_found', 'media_not_ready', 'rate_limited'],
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      return reply.status(202).send({ media_id: id, job_id: await captions.request(id, request.body, request.identity) });
    },
  );
}

import { z } from 'zod';
import { reelUpdate } from '../contracts/reel.ts';
import { PRIORITIES, reelId, targetChannel, targetUsers, updateData } from '../contracts/reel-fields.ts';
import type { ReelService } from '../domain/reels.ts';
import type { RestApp } from './route.ts';

const tags = ['reels'] as const;
const params = z.object({ id: reelId });

/** The totals of this server, which no other tells of. */
const body = z.strictObject({
  update_data: updateData.refine((data) => !Object.hasOwn(data, 'counters'), { path: ['counters'], message: 'is what this server says itself' }),
  target_users: targetUsers.default([]).describe('Reaches the sockets of these users alone; none: everyone.'),
  target_channel: targetChannel.nullable().default(null).describe('reel:<reel_id> or user:<user_id>: goes to that topic in place of the reel’s own.'),
  priority: z.enum(PRIORITIES).default('normal'),
});

/** Updates of reels. */
export function reelRoutes(app: RestApp, { reels }: { reels: ReelService }): void {
  app.post(
    '/reels/:id/updates',
    {
      bodyLimit: 512 * 1024, // 1,000 user ids of 256 characters.
      config: { access: ['service', 'admin'] },
      schema: {
        tags,
        summary: 'Publish an update of a reel.',
        description:
          'A reel that does not exist is made. Updates of one window are merged: `likes`, `comments`, `shares`, `views` and keys that end in `_delta` say how many more, and sum; of each other key the latest value wins. An urgent update goes out at once.',
        params,
        body,
        response: { 202: z.object({ update: reelUpdate }) },
        errors: ['overloaded'],
      },
    },
    async (request, reply) => reply.status(202).send({ update: await reels.publish({ reelId: request.params.id, ...request.body }) }),
  );

  app.get(
    '/reels/:id/updates',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'The last updates of a reel, newest first.',
        description: 'What was published, and the comments: the last 1,000 of 7 days. What was for other users is not shown, but to services and admins.',
        params,
        querystring: z.object({
          before: z.coerce.number().int().min(1).optional().describe('The `next` of the page before.'),
          limit: z.coerce.number().int().min(1).max(100).default(50),
        }),
        response: { 200: z.object({ updates: z.array(reelUpdate), next: z.number().int().nullable() }) },
        errors: ['not_found'],
      },
    },
    (request) => reels.updates(request.params.id, request.identity, request.query),
  );
}

import { z } from 'zod';
import { analyticsDay, analyticsQuery } from '../contracts/analytics.ts';
import type { Analytics } from '../domain/analytics.ts';
import type { RestApp } from './route.ts';

/** `GET /analytics/daily`: how many events there were on each day, and of how many users. */
export function analyticsRoutes(app: RestApp, { analytics }: { analytics: Analytics }): void {
  app.get(
    '/analytics/daily',
    {
      config: { access: ['admin', 'viewer'] },
      schema: {
        tags: ['operations'],
        summary: 'Count events and their users by day (UTC) and type.',
        description: 'Some seconds late. Without `from` it is the 30 days up to `to`; without `to`, up to today; at most 366 days.',
        querystring: analyticsQuery,
        response: { 200: z.object({ from: z.iso.date(), to: z.iso.date(), daily: z.array(analyticsDay) }) },
      },
    },
    async (request) => {
      const { from, to } = request.query;
      return { from, to, daily: await analytics.daily(request.query) };
    },
  );
}

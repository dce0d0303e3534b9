import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AuditService } from '../domain/audit.ts';
import { requireRole, type Authenticate } from './authenticate.ts';
import { pageFields, parse } from './parse.ts';

const word = z.string().min(1).max(256);
const querySchema = z.strictObject({ actor: word.optional(), action: word.optional(), subject: word.optional(), ...pageFields });

/** `GET /audit`: who did what, newest first. */
export function auditRoutes(app: FastifyInstance, { audit, authenticate }: { audit: AuditService; authenticate: Authenticate }): void {
  app.get('/audit', async (request) => {
    requireRole(await authenticate(request), 'admin');
    const { after, limit, ...filter } = parse(querySchema, request.query);
    const { entries, next } = await audit.list(filter, { after, limit });
    const acts = entries.map(({ id, at, actor, action, subject, details }) => ({
      id,
      at: at.toISOString(),
      actor: actor.userId,
      remote_address: actor.remoteAddress,
      action,
      subject,
      details,
    }));
    return { audit: acts, next };
  });
}

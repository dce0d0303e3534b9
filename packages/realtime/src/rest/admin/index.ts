import type { FastifyInstance } from 'fastify';
import { boardRoutes, type BoardDependencies } from './board.ts';
import { assertSameOrigin } from './same-origin.ts';
import { sessionRoutes, type SessionDependencies } from './session.ts';

export interface AdminDependencies extends BoardDependencies, Omit<SessionDependencies, 'secure'> {
  /** Where clients reach us, like `https://realtime.example.com`. */
  publicUrl: string;
}

/** The pages of operators, below `/admin`. Their browsers hold the token in a cookie, so other sites' pages are kept out. */
export async function adminRoutes(app: FastifyInstance, { publicUrl, ...dependencies }: AdminDependencies): Promise<void> {
  const { origin, protocol } = new URL(publicUrl);
  app.addHook('onRequest', async (request, reply) => {
    // Not `no-referrer`: with it browsers send a form with `Origin: null`.
    void reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'same-origin', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
    assertSameOrigin(request, origin);
  });
  sessionRoutes(app, { ...dependencies, secure: protocol === 'https:' });
  await app.register(async (board) => boardRoutes(board, dependencies));
}

import { AppError, describeError, toAppError, type Log } from '@armoricore/shared/kernel';
import type { FastifyError, FastifyInstance } from 'fastify';

/** Every error leaves as `{reason, message, ...}` with the status of its code; what is our fault is logged, not told. */
export function useErrorReplies(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = fromFastify(thrown as FastifyError);
    if (error.status >= 500) log.error({ method: request.method, path: request.routeOptions.url, reason: describeError(error) }, 'request failed');
    return reply.status(error.status).send(error.toJSON());
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new AppError('not_found', { path: request.url.split('?')[0]?.slice(0, 256) });
    return reply.status(error.status).send(error.toJSON());
  });
}

function fromFastify(thrown: FastifyError): AppError {
  if (thrown.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AppError('payload_too_large');
  const clientFault = thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500;
  return clientFault && !(thrown instanceof AppError) ? new AppError('invalid_payload', { issues: [{ path: '', message: thrown.message }] }) : toAppError(thrown);
}

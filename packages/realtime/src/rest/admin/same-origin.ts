import { AppError } from '@armoricore/shared/kernel';
import type { FastifyRequest } from 'fastify';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function isUnsafe(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

/**
 * Refuses a request by which another site's page would act with the cookie of an operator (CSRF). Browsers name the page's
 * origin with every unsafe request; a program that names none carries no stranger's cookie.
 * @param publicOrigin where clients reach us, when a proxy in between changes the Host
 * @throws AppError `forbidden`
 */
export function assertSameOrigin({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>, publicOrigin: string): void {
  if (!isUnsafe(method) || headers.origin === undefined) return;
  const origin = URL.parse(headers.origin);
  if (origin !== null && (origin.origin === publicOrigin || origin.host === headers.host)) return;
  throw new AppError('forbidden', { why: 'the request comes from a page of another origin' });
}

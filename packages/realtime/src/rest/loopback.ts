import type { FastifyRequest } from 'fastify';

const LOOPBACK_NAME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;
const LOOPBACK_ADDRESS = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;

/**
 * Whether a request names us by a loopback name in its Host header. A page of another host name cannot make a browser send
 * such a one, whatever its name resolves to (DNS rebinding).
 */
export function isLoopback(host: string | undefined): boolean {
  return LOOPBACK_NAME.test(host ?? '');
}

/** Whether a request comes from this machine by a loopback name, and through no proxy that says so. */
export function isLocal({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): boolean {
  const forwarded = headers.forwarded ?? headers['x-forwarded-for'] ?? headers['x-real-ip'];
  return isLoopback(headers.host) && LOOPBACK_ADDRESS.test(ip) && forwarded === undefined;
}

import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an Authorization header opens the metrics. */
export type MetricsAccess = (authorization: string | undefined) => boolean;

/** Who may read the metrics: everybody when there is no token, else who sends it as `Authorization: Bearer`. */
export function createMetricsAccess(token: string | undefined): MetricsAccess {
  if (token === undefined) return () => true;
  const wanted = digest(`Bearer ${token}`);
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), wanted);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

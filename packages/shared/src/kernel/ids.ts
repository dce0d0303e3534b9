import { hash, randomUUIDv7 } from 'node:crypto';

/** A new UUID version 7 (RFC 9562 §5.7): sortable by the time of its making. */
export function newId(): string {
  return randomUUIDv7();
}

/**
 * A UUID version 7 that follows from `id` and `name` alone: the same pair gives the same id, on any machine.
 * It keeps the time of `id` and takes its other bits from SHA-256. With it the outcome of a job has one
 * event_id however often the job ran.
 */
export function deriveId(id: string, name: string): string {
  const digits = id.replaceAll('-', '');
  const digest = hash('sha256', `${id}\n${name}`);
  const variant = '89ab'[Number.parseInt(digest[4]!, 16) & 3];
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-7${digest.slice(1, 4)}-${variant}${digest.slice(5, 8)}-${digest.slice(8, 20)}`;
}

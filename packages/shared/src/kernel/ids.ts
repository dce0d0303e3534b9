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
  const time = id.replaceAll('-', '').slice(0, 12);
  const bits = hash('sha256', `${id}\n${name}`, 'buffer');
  bits[0] = 0x70 | (bits[0]! & 0x0f);
  bits[2] = 0x80 | (bits[2]! & 0x3f);
  const hex = time + bits.toString('hex', 0, 10);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

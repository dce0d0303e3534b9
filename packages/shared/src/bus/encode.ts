import { hash } from 'node:crypto';
import { MAX_EVENT_BYTES, eventKey, type BusEvent } from '../events/index.ts';
import { AppError } from '../kernel/index.ts';

/** An event as adapters store it. */
export interface EncodedEvent {
  /** Lower case: the same id in another case is the same id. */
  id: string;
  type: string;
  key: string;
  json: string;
  /** SHA-256 of type, source and payload, whatever the order of their fields: tells a repeat from an id used twice. */
  digest: string;
}

/** Deeper payloads are refused: a few bytes of brackets could exhaust the stack of whoever walks over them. */
const MAX_DEPTH = 64;

/**
 * @throws AppError `payload_too_large`, or `invalid_payload` for what not every store can hold: NUL characters, halves of
 *   surrogate pairs, too deep nesting, values that are not JSON.
 */
export function encodeEvent(event: BusEvent): EncodedEvent {
  const json = stringify(event);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_EVENT_BYTES) throw new AppError('payload_too_large', { bytes, max_bytes: MAX_EVENT_BYTES });
  const { event_type, source, payload } = JSON.parse(json) as BusEvent;
  const content = canonical([event_type, source, payload], 0);
  const digest = hash('sha256', content);
  return { id: event.event_id.toLowerCase(), type: event_type, key: eventKey(event), json, digest };
}

function stringify(event: BusEvent): string {
  try {
    return JSON.stringify(event);
  } catch (cause) {
    throw invalid('not JSON', cause); // A cycle, a BigInt, or nested beyond the stack.
  }
}

/** JSON with the fields of every object in alphabetical order. */
function canonical(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH}`);
  if (typeof value === 'string') return JSON.stringify(plainText(value));
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(plainText(name))}:${canonical(inner, depth + 1)}`).join(',')}}`;
}

function plainText(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw invalid('a text with NUL or half a surrogate pair');
  return text;
}

function invalid(message: string, cause?: unknown): AppError {
  return new AppError('invalid_payload', { issues: [{ path: 'payload', message }] }, { cause });
}

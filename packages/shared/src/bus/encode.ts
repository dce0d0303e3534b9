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
  // JSON escapes what a text may not have, and little else: most events need no look at their texts.
  const escaped = json.includes('\\u');
  const digest = hash('sha256', JSON.stringify(inOrder([event_type, source, payload], { escaped, depth: 0 })));
  return { id: event.event_id.toLowerCase(), type: event_type, key: eventKey(event), json, digest };
}

function stringify(event: BusEvent): string {
  try {
    return JSON.stringify(event);
  } catch (cause) {
    throw invalid('not JSON', cause); // A cycle, a BigInt, or nested beyond the stack.
  }
}

/** The same value with the fields of every object in alphabetical order, checked on the way. */
function inOrder(value: unknown, { escaped, depth }: { escaped: boolean; depth: number }): unknown {
  if (escaped && typeof value === 'string') return plainText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) throw invalid(`nested deeper than ${MAX_DEPTH}`);
  const inner = { escaped, depth: depth + 1 };
  if (Array.isArray(value)) return value.map((item) => inOrder(item, inner));
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(fields)
      .toSorted()
      .map((name) => [escaped ? plainText(name) : name, inOrder(fields[name], inner)]),
  );
}

function plainText(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw invalid('a text with NUL or half a surrogate pair');
  return text;
}

function invalid(message: string, cause?: unknown): AppError {
  return new AppError('invalid_payload', { issues: [{ path: 'payload', message }] }, { cause });
}

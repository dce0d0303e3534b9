import { MalformedFrame } from '../message.ts';

/**
 * Levels of arrays and objects in a frame. `JSON.parse` takes more than `JSON.stringify` can write back without running
 * out of stack, and what a client sends is echoed, broadcast and stored: the limit at the door spares every later place one.
 */
const MAX_DEPTH = 1_000;

const BYTE = { quote: 0x22, backslash: 0x5c, openArray: 0x5b, closeArray: 0x5d, openObject: 0x7b, closeObject: 0x7d } as const;

/** Parses the text of a frame. @throws MalformedFrame */
export function parseJson(data: Buffer): unknown {
  // A level takes two bytes: what is shorter cannot be too deep.
  if (data.length > 2 * MAX_DEPTH && isTooDeep(data)) throw new MalformedFrame(`the frame nests more than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw new MalformedFrame('the frame is not JSON', { cause });
  }
}

function isTooDeep(data: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < data.length; index += 1) {
    const byte = data[index];
    if (inString) {
      if (byte === BYTE.backslash) index += 1;
      else if (byte === BYTE.quote) inString = false;
    } else if (byte === BYTE.quote) inString = true;
    else if (byte === BYTE.openArray || byte === BYTE.openObject) depth += 1;
    else if (byte === BYTE.closeArray || byte === BYTE.closeObject) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

import { MalformedFrame } from '../message.ts';

/** Parses the text of a frame. @throws MalformedFrame */
export function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw new MalformedFrame('the frame is not JSON', { cause });
  }
}

import { Frame, isBinary } from '../message.ts';
import type { Serializer } from './serializer.ts';
import { v2 } from './v2.ts';

/** The wire of direct connections: V2 without refs, since their clients asked for nothing; bytes go out as they are. */
export const direct: Serializer = {
  version: 'direct',
  decode: v2.decode,
  push: (_joinRef, _ref, topic, event, payload) => bare(payload) ?? v2.push(null, null, topic, event, payload),
  /** To the join that no client sent. */
  reply: () => null,
  broadcast: (topic, event, payload) => bare(payload) ?? v2.broadcast(topic, event, payload),
};

function bare(payload: object): Frame | null {
  return isBinary(payload) ? new Frame(payload) : null;
}

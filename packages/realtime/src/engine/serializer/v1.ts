import { Frame, isBinary, MalformedFrame, type ClientMessage } from '../message.ts';
import { parseJson } from './json.ts';
import type { Serializer } from './serializer.ts';

/** Phoenix V1: objects `{topic, event, payload, ref}`; the server never sends join_ref. */
export const v1: Serializer = {
  version: 1,

  decode(data): ClientMessage {
    const value = parseJson(data);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedFrame('a V1 frame is an object');
    const message = value as Record<string, unknown>;
    for (const key of ['topic', 'event', 'payload', 'ref']) {
      if (!Object.hasOwn(message, key)) throw new MalformedFrame(`a V1 frame has the key ${key}`);
    }
    return {
      joinRef: message['join_ref'] ?? null,
      ref: message['ref'],
      topic: message['topic'],
      event: message['event'],
      payload: message['payload'],
    };
  },

  push: (_joinRef, ref, topic, event, payload) => text(topic, event, payload, ref),
  reply: (_joinRef, ref, topic, status, response) =>
    isBinary(response) ? null : new Frame(JSON.stringify({ topic, event: 'phx_reply', payload: { status, response }, ref })),
  broadcast: (topic, event, payload) => text(topic, event, payload, null),
};

function text(topic: string, event: string, payload: object, ref: unknown): Frame | null {
  return isBinary(payload) ? null : new Frame(JSON.stringify({ topic, event, payload, ref }));
}

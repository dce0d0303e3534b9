import { Frame, isBinary, MalformedFrame, type ClientMessage } from '../message.ts';
import { decodeBinary, encodeBinary } from './binary.ts';
import { parseJson } from './json.ts';
import type { Serializer } from './serializer.ts';

/** Phoenix V2: arrays `[join_ref, ref, topic, event, payload]`, and binary frames for payloads of bytes. */
export const v2: Serializer = {
  version: 2,

  decode(data, binary): ClientMessage {
    if (binary) return decodeBinary(data);
    const value = parseJson(data);
    if (!Array.isArray(value) || value.length < 5) throw new MalformedFrame('a V2 frame is an array of five');
    const [joinRef, ref, topic, event, payload] = value as unknown[];
    return { joinRef, ref, topic, event, payload };
  },

  push: (joinRef, ref, topic, event, payload) =>
    new Frame(
      isBinary(payload)
        ? encodeBinary('push', [joinRef, topic, event], payload)
        : JSON.stringify([joinRef, ref, topic, event, payload]),
    ),
  reply: (joinRef, ref, topic, status, response) =>
    new Frame(
      isBinary(response)
        ? encodeBinary('reply', [joinRef, ref, topic, status], response)
        : JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]),
    ),
  broadcast: (topic, event, payload) =>
    new Frame(
      isBinary(payload) ? encodeBinary('broadcast', [topic, event], payload) : JSON.stringify([null, null, topic, event, payload]),
    ),
};

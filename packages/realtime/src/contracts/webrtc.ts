import { z } from 'zod';
import { bytesOf, isShallow, plainText } from './text.ts';

/** Largest session description with what belongs to it, and largest candidate, as JSON in bytes. */
export const MAX_DESCRIPTION_BYTES = 64 * 1024;
export const MAX_CANDIDATE_BYTES = 4 * 1024;
const MAX_DEPTH = 6;

/**
 * What one peer tells the other is their business: clients put the description and the candidate under names of their own.
 * Here it is only kept within bounds.
 */
const signal = (maxBytes: number) =>
  z
    .record(z.string().max(64), z.unknown())
    .refine((value) => isShallow(value, MAX_DEPTH), `nested deeper than ${MAX_DEPTH}, or a text with NUL or half a surrogate pair`)
    .refine((value) => bytesOf(JSON.stringify(value)) <= maxBytes, `larger than ${maxBytes} bytes of JSON`);

export const description = signal(MAX_DESCRIPTION_BYTES);
export const candidate = signal(MAX_CANDIDATE_BYTES);
export type Signal = Record<string, unknown>;

export const RELAYED = ['webrtc:offer', 'webrtc:answer', 'webrtc:ice-candidate'] as const;
export type RelayedEvent = (typeof RELAYED)[number];

/** Names one running app (a tab, not a browser): who comes back under the name that he left with is at once where he was. */
export const deviceId = plainText(128);

/** As the constructor of RTCPeerConnection takes it. */
export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

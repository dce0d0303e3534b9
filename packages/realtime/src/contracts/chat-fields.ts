import { z } from 'zod';
import { bytesOf, isPlain, isShallow, NOT_PLAIN, plainText } from './text.ts';

/** Longest content of a message, and most of its attachments as JSON, in bytes. */
export const MAX_CONTENT_BYTES = 16 * 1024;
const MAX_ATTACHMENTS = 10;
const MAX_ATTACHMENT_DEPTH = 8;

export const conversationId = z.string().min(1).max(128).regex(/^[A-Za-z0-9_.-]+$/);
export const userId = plainText(256);

export const content = z
  .string()
  .refine((text) => bytesOf(text) <= MAX_CONTENT_BYTES, `longer than ${MAX_CONTENT_BYTES} bytes`)
  .refine(isPlain, NOT_PLAIN);

export const messageId = z.uuid().transform((id) => id.toLowerCase());

/** The sender's own name for a message. */
export const clientMessageId = plainText(128);

/** What is attached is the clients' business; here it is only kept within bounds. */
export const attachments = z
  .array(z.record(z.string(), z.unknown()))
  .max(MAX_ATTACHMENTS)
  .refine((value) => isShallow(value, MAX_ATTACHMENT_DEPTH), `nested deeper than ${MAX_ATTACHMENT_DEPTH}, or a text with NUL or half a surrogate pair`)
  .refine((value) => bytesOf(JSON.stringify(value)) <= MAX_CONTENT_BYTES, `larger than ${MAX_CONTENT_BYTES} bytes of JSON`);

const ONE_EMOJI = /^\p{RGI_Emoji}$/v;
/** Asks for the coloured form of a sign that is text by default: ❤ and ❤️ are one reaction. */
const EMOJI_PRESENTATION = '\uFE0F';

/** One emoji that is recommended for general interchange (Unicode, UTS #51). */
export const emoji = z
  .string()
  .max(64)
  .transform((text) => (ONE_EMOJI.test(text) ? text : `${text}${EMOJI_PRESENTATION}`))
  .refine((text) => ONE_EMOJI.test(text), 'is not one emoji');

/** Longest content of a message, in bytes of UTF-8. */
export const MAX_CONTENT_BYTES = 16 * 1024;

/** As the server takes them: a letter, a digit or _ first, then also . and -, 128 in all. */
const REEL_ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

export const isReelId = (id: string): boolean => REEL_ID.test(id);

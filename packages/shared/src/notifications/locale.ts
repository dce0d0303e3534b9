import { z } from 'zod';

/** A BCP 47 tag, in its canonical form (`de-at` becomes `de-AT`). */
export const localeTag = z
  .string()
  .max(35)
  .transform((tag, context) => {
    const canonical = canonicalLocale(tag);
    if (canonical !== null) return canonical;
    context.addIssue({ code: 'custom', message: 'a BCP 47 language tag like de or pt-BR' });
    return z.NEVER;
  });

/** Null when it is no language tag. */
export function canonicalLocale(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/**
 * The locales to look for, best first: each wish, then shorter forms of it (RFC 4647 §3.4, "lookup"), and the next wish.
 * `['zh-Hant-TW', 'en']` gives zh-Hant-TW, zh-Hant, zh, en.
 */
export function localeChain(wishes: readonly (string | null | undefined)[]): string[] {
  const chain = new Set<string>();
  for (const wish of wishes) {
    let tag = wish === null || wish === undefined ? null : canonicalLocale(wish);
    while (tag !== null && tag !== '') {
      chain.add(tag);
      // A single letter only introduces what follows it.
      tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-'))).replace(/-[a-z0-9]$/i, '');
    }
  }
  return [...chain];
}

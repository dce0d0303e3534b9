import { AppError } from '@armoricore/shared/kernel';

/** The tag of a language that nobody knows. */
export const UNKNOWN = 'und';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');
let byName: ReadonlyMap<string, string> | undefined;

/**
 * A tag (BCP 47) in its usual spelling, like `pt-BR`.
 * @throws AppError `invalid_payload` for what is none
 */
export function languageOf(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0]!;
  } catch (cause) {
    throw new AppError('invalid_payload', { issues: [{ path: 'language', message: 'is no language tag like en or pt-BR' }] }, { cause });
  }
}

/** The language alone, without country and script: `pt` of `pt-BR`. */
export function primaryOf(tag: string): string {
  return tag.split('-')[0]!.toLowerCase();
}

/** The name of a language in itself, for menus: `English`, `português (Brasil)`. */
export function nameOf(tag: string): string {
  if (tag === UNKNOWN) return 'Captions';
  const name = new Intl.DisplayNames([tag, 'en'], { type: 'language', fallback: 'code' }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
}

/** The tag of what a recogniser calls a language: a code, or its English name as Whisper does. Undefined for anything else. */
export function recognisedLanguage(said: string): string | undefined {
  const text = said.trim().toLowerCase();
  if (/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/.test(text)) return languageOf(text);
  byName ??= new Map(codes().map((code) => [new Intl.DisplayNames(['en'], { type: 'language' }).of(code)!.toLowerCase(), code]));
  return byName.get(text);
}

/** The codes of two letters that stand for a language. */
function codes(): string[] {
  const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
  return LETTERS.flatMap((a) => LETTERS.map((b) => a + b)).filter((code) => names.of(code) !== undefined && primaryOf(languageOf(code)) === code);
}

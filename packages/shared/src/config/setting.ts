import { z } from 'zod';

/** One environment variable: how it is read, what it means, and what is said when it is wrong. */
export interface Setting<T> {
  schema: z.ZodType<T, unknown>;
  doc: string;
  /** What a right value looks like, for the fault line. */
  allowed: string;
  /** Older or other names that are read when the variable itself is not set. */
  aliases: readonly string[];
  /** The value is never printed. */
  secret: boolean;
  defaultText: string | undefined;
}

interface Options<T> {
  doc: string;
  default?: T;
  aliases?: readonly string[];
  secret?: boolean;
}

function setting<T>(schema: z.ZodType<T, unknown>, allowed: string, options: Options<T>): Setting<T> {
  const { doc, aliases = [], secret = false } = options;
  const defaultText = options.default === undefined ? undefined : String(options.default);
  const withDefault = options.default === undefined ? schema : z.preprocess((value) => value ?? options.default, schema);
  return { schema: withDefault, doc, allowed, aliases, secret, defaultText };
}

/** A whole number within bounds, both included. */
export function integer(options: Options<number> & { min: number; max: number }): Setting<number> {
  const { min, max } = options;
  return setting(z.coerce.number().int().min(min).max(max), `a whole number from ${min} to ${max}`, options);
}

export function text(options: Options<string> & { minLength?: number; pattern?: RegExp }): Setting<string> {
  const { minLength = 1, pattern } = options;
  if (pattern !== undefined) return setting(z.string().regex(pattern), `a text that matches ${pattern.source}`, options);
  return setting(z.string().min(minLength), minLength === 1 ? 'a text' : `a text of at least ${minLength} characters`, options);
}

export function choice<const T extends string>(values: readonly T[], options: Options<T>): Setting<T> {
  return setting(z.enum(values as readonly [T, ...T[]]) as unknown as z.ZodType<T, unknown>, `one of ${values.join(', ')}`, options);
}

export function flag(options: Options<boolean>): Setting<boolean> {
  const words: Record<string, boolean> = { true: true, '1': true, false: false, '0': false };
  const schema = z.preprocess((value) => (typeof value === 'string' ? words[value.toLowerCase()] : value), z.boolean());
  return setting(schema, 'true or false', options);
}

/** An URL with one of the given schemes (without the colon); no trailing slash. */
export function url(schemes: readonly string[], options: Options<string>): Setting<string> {
  const hasScheme = (value: string): boolean => {
    const parsed = URL.parse(value);
    return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1));
  };
  const schema = z.string().refine(hasScheme).transform((value) => value.replace(/\/+$/, ''));
  return setting(schema, `an URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`, options);
}

/** The same setting, absent when the variable is not set. */
export function optional<T>(inner: Setting<T>): Setting<T | undefined> {
  return { ...inner, schema: inner.schema.optional() };
}

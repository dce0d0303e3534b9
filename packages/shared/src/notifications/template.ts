import { z } from 'zod';
import { AppError } from '../kernel/errors.ts';

export const templateName = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/);

const FIELD = /\{\{\s*([A-Za-z0-9_.-]{1,64})\s*\}\}/g;
const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0') && value.isWellFormed(), 'has NUL or half a surrogate pair')
    .refine(hasOnlyFields, 'placeholders as {{name}}, and no other double braces');

/** Texts of a notification with places for params. `body` is also the plain text of a mail; `subject` is the title when it is missing. */
export const notificationTemplate = z.strictObject({
  title: text(512),
  body: text(4096),
  subject: text(512).optional(),
  html: text(100_000).optional(),
});
export type NotificationTemplate = z.infer<typeof notificationTemplate>;

export type TemplateParams = Readonly<Record<string, string | number | boolean>>;

/** Texts that are filled in. */
export interface Texts {
  title: string;
  body: string;
  subject: string;
  html?: string;
}

/**
 * Fills a template in. Params are inserted as text: in HTML they are escaped, in lines they cannot break the line. What is
 * inserted is not looked through for placeholders.
 * @param name of the template, for the error
 * @throws AppError `template_field_missing` with the names that have no param
 */
export function fillTemplate(template: NotificationTemplate, params: TemplateParams, name: string): Texts {
  const missing = fieldsOf(template).filter((field) => !Object.hasOwn(params, field));
  if (missing.length > 0) {
    const fields = missing.slice(0, 20);
    throw new AppError('template_field_missing', { template: name, fields }, { message: `The template ${name} needs the params ${fields.join(', ')}.` });
  }
  const fill = (source: string, escape: (value: string) => string): string => source.replace(FIELD, (_, field: string) => escape(String(params[field])));
  const title = oneLine(fill(template.title, String));
  return {
    title,
    body: fill(template.body, String),
    subject: template.subject === undefined ? title : oneLine(fill(template.subject, String)),
    ...(template.html === undefined ? {} : { html: fill(template.html, escapeHtml) }),
  };
}

/** The names of the params that a template needs. */
export function fieldsOf({ title, body, subject = '', html = '' }: NotificationTemplate): string[] {
  return [...new Set([title, body, subject, html].flatMap((source) => [...source.matchAll(FIELD)].map(([, field]) => field!)))];
}

/** For text between tags and in quoted attributes. */
export function escapeHtml(value: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return value.replace(/[&<>"']/g, (character) => named[character]!);
}

/** Line ends and other control characters become spaces: such a text can neither end a header nor begin one. */
export function oneLine(value: string): string {
  return value.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

function hasOnlyFields(source: string): boolean {
  return !/\{\{|\}\}/.test(source.replace(FIELD, ''));
}

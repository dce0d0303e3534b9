import { eq } from 'drizzle-orm';
import { notificationTemplates, type Database } from '@armoricore/shared/db';
import type { PayloadOf } from '@armoricore/shared/events';
import { AppError } from '@armoricore/shared/kernel';
import { canonicalLocale, fillTemplate, localeChain, oneLine, type NotificationTemplate, type TemplateParams, type Texts } from '@armoricore/shared/notifications';

type Input = PayloadOf<'notification.requested'>;

/** The texts of a notification in the language of whoever gets it. */
export interface Wording {
  /** @throws AppError `template_not_found`, `template_field_missing` */
  in(...wishes: (string | null | undefined)[]): Texts;
}

/** Name of the template of a digest, where the installation has one; its params are `count` and `titles`. */
const DIGEST = 'digest';

/** A template of the event is filled in, else its title and body are taken as they are. */
export async function wordingOf(db: Database, input: Input, defaultLocale: string): Promise<Wording> {
  const { template, params = {}, title, body, locale } = input;
  if (template !== undefined) return await templateWording(db, template, params, [locale], defaultLocale);
  const line = oneLine(title ?? body ?? '');
  const texts: Texts = { title: oneLine(title ?? ''), body: body ?? '', subject: line };
  return { in: () => texts };
}

/** What piled up, as one notification: by the installation's own template when it has one that these params fill, else in English. */
export async function digestWording(db: Database, digest: { count: number; titles: string[] }, defaultLocale: string): Promise<Wording> {
  const title = `${digest.count} notifications`;
  const body = digest.titles.join('\n');
  try {
    const wording = await templateWording(db, DIGEST, { count: digest.count, titles: body }, [], defaultLocale);
    wording.in();
    return wording;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { in: () => ({ title, body, subject: title }) };
  }
}

async function templateWording(db: Database, name: string, params: TemplateParams, first: (string | undefined)[], defaultLocale: string): Promise<Wording> {
  const rows = await db.select().from(notificationTemplates).where(eq(notificationTemplates.name, name));
  if (rows.length === 0) throw new AppError('template_not_found', { template: name });
  const byLocale = new Map(rows.map((row) => [canonicalLocale(row.locale) ?? row.locale, row]));
  const filled = new Map<string, Texts>();
  return {
    in(...wishes) {
      const chain = localeChain([...first, ...wishes, defaultLocale]);
      const row = chain.map((tag) => byLocale.get(tag)).find((found) => found !== undefined);
      if (row === undefined) throw new AppError('template_not_found', { template: name, locales: chain });
      const known = filled.get(row.locale);
      if (known !== undefined) return known;
      const { title, body, subject, html } = row;
      const template: NotificationTemplate = { title, body, ...(subject === null ? {} : { subject }), ...(html === null ? {} : { html }) };
      const texts = fillTemplate(template, params, `${name} (${row.locale})`);
      filled.set(row.locale, texts);
      return texts;
    },
  };
}

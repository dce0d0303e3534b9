import { notificationSettings, notificationTemplates, type Database } from '@armoricore/shared/db';
import { NO_PREFERENCES, notificationPreferences, type NotificationPreferences } from '@armoricore/shared/notifications';
import { and, asc, eq, sql } from 'drizzle-orm';
import type { NotificationSettingsRepository, StoredTemplate } from '../domain/notification-settings.ts';
import { recordAct } from './audit.ts';

/** Templates of an installation, at most that are listed. */
const MOST_TEMPLATES = 1_000;

/** Preferences, contacts and templates in PostgreSQL. */
export function createNotificationSettingsRepository(db: Database): NotificationSettingsRepository {
  return {
    async read(userId) {
      const [row] = await db.select().from(notificationSettings).where(eq(notificationSettings.userId, userId));
      return { preferences: preferencesOf(row?.preferences), contact: { email: row?.email ?? null, refusedAt: row?.emailRefusedAt ?? null } };
    },

    change: (userId, change) =>
      db.transaction(async (tx) => {
        await tx.insert(notificationSettings).values({ userId }).onConflictDoNothing();
        const [row] = await tx.select().from(notificationSettings).where(eq(notificationSettings.userId, userId)).for('update');
        const preferences = change(preferencesOf(row?.preferences));
        await tx.update(notificationSettings).set({ preferences, updatedAt: sql`now()` }).where(eq(notificationSettings.userId, userId));
        return preferences;
      }),

    setContact: (userId, email, actor) =>
      db.transaction(async (tx) => {
        const set = { email, emailRefusedAt: null, updatedAt: sql`now()` };
        await tx.insert(notificationSettings).values({ userId, email }).onConflictDoUpdate({ target: notificationSettings.userId, set });
        await recordAct(tx, { actor, action: 'user.contact.put', subject: `user:${userId}`, details: { email: email === null ? null : 'set' } });
        return { email, refusedAt: null };
      }),

    async templates() {
      const rows = await db.select().from(notificationTemplates).orderBy(asc(notificationTemplates.name), asc(notificationTemplates.locale)).limit(MOST_TEMPLATES);
      return rows.map(templateOf);
    },

    async template(name, locale) {
      const [row] = await db.select().from(notificationTemplates).where(isTemplate(name, locale));
      return row === undefined ? null : templateOf(row);
    },

    putTemplate: (name, locale, { title, body, subject = null, html = null }, actor) =>
      db.transaction(async (tx) => {
        const texts = { title, body, subject, html };
        const made = await tx.insert(notificationTemplates).values({ name, locale, ...texts }).onConflictDoNothing().returning();
        const changed = made.length > 0 ? made : await tx.update(notificationTemplates).set({ ...texts, updatedAt: sql`now()` }).where(isTemplate(name, locale)).returning();
        await recordAct(tx, { actor, action: 'template.put', subject: `template:${name}/${locale}` });
        return { created: made.length > 0, template: templateOf(changed[0]!) };
      }),

    deleteTemplate: (name, locale, actor) =>
      db.transaction(async (tx) => {
        const gone = await tx.delete(notificationTemplates).where(isTemplate(name, locale)).returning({ name: notificationTemplates.name });
        if (gone.length > 0) await recordAct(tx, { actor, action: 'template.delete', subject: `template:${name}/${locale}` });
        return gone.length > 0;
      }),
  };
}

const isTemplate = (name: string, locale: string) => and(eq(notificationTemplates.name, name), eq(notificationTemplates.locale, locale));

function preferencesOf(stored: unknown): NotificationPreferences {
  return notificationPreferences.safeParse(stored ?? {}).data ?? NO_PREFERENCES;
}

function templateOf({ subject, html, ...row }: typeof notificationTemplates.$inferSelect): StoredTemplate {
  return { ...row, ...(subject === null ? {} : { subject }), ...(html === null ? {} : { html }) };
}

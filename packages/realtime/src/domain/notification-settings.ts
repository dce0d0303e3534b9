import { AppError } from '@armoricore/shared/kernel';
import { preferenceOf, type NotificationPreferences, type NotificationTemplate, type Unsubscription } from '@armoricore/shared/notifications';
import { ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { Actor } from './audit.ts';

/** Where mails of a user go. */
export interface Contact {
  email: string | null;
  /** Since when a mail server says that there is no such address. */
  refusedAt: Date | null;
}

export interface StoredTemplate extends NotificationTemplate {
  name: string;
  locale: string;
  updatedAt: Date;
}

export interface NotificationSettingsRepository {
  read(userId: string): Promise<{ preferences: NotificationPreferences; contact: Contact }>;
  /** Changes what is stored, alone: two changes at once are both done. */
  change(userId: string, change: (before: NotificationPreferences) => NotificationPreferences): Promise<NotificationPreferences>;
  setContact(userId: string, email: string | null, actor: Actor): Promise<Contact>;
  templates(): Promise<StoredTemplate[]>;
  template(name: string, locale: string): Promise<StoredTemplate | null>;
  putTemplate(name: string, locale: string, template: NotificationTemplate, actor: Actor): Promise<{ created: boolean; template: StoredTemplate }>;
  /** False when there was none. */
  deleteTemplate(name: string, locale: string, actor: Actor): Promise<boolean>;
}

export type NotificationSettingsService = ReturnType<typeof createNotificationSettings>;

/** How users want to be told of things, and in which words they are. */
export function createNotificationSettings(repository: NotificationSettingsRepository) {
  const assertOwn = (identity: Identity, userId: string): void => {
    if (!ownsOrAdmin(identity, userId)) throw new AppError('forbidden');
  };
  return {
    /** @throws AppError `forbidden` unless they are the caller's, or the caller is an admin */
    async read(identity: Identity, userId: string) {
      assertOwn(identity, userId);
      return await repository.read(userId);
    },
    /** @throws AppError `forbidden` */
    async put(identity: Identity, userId: string, preferences: NotificationPreferences): Promise<NotificationPreferences> {
      assertOwn(identity, userId);
      return await repository.change(userId, () => preferences);
    },
    /** Switches off the mails of a category. */
    async unsubscribe({ userId, category }: Unsubscription): Promise<void> {
      await repository.change(userId, (before) => ({ ...before, categories: { ...before.categories, [category]: { ...preferenceOf(before, category), email: false } } }));
    },
    setContact: repository.setContact,
    templates: repository.templates,
    /** @throws AppError `not_found` */
    async template(name: string, locale: string): Promise<StoredTemplate> {
      return (await repository.template(name, locale)) ?? notFound();
    },
    putTemplate: repository.putTemplate,
    /** @throws AppError `not_found` */
    async deleteTemplate(name: string, locale: string, actor: Actor): Promise<void> {
      if (!(await repository.deleteTemplate(name, locale, actor))) notFound();
    },
  };
}

function notFound(): never {
  throw new AppError('not_found');
}

import type { Contact } from './api.ts';
import type { Preferences } from './preferences.ts';

/** Why something went wrong, in a sentence. */
export type Fault = string;

/** The preferences of the user: as the server has them, and as the form shows them. */
export type Settings =
  | { at: 'loading' }
  | { at: 'unread'; fault: Fault }
  | {
      at: 'ready';
      saved: Preferences;
      draft: Preferences;
      contact: Contact;
      /** Categories of what came lately. */
      seen: readonly string[];
      save: { at: 'idle' } | { at: 'saving' } | { at: 'saved' } | { at: 'failed'; fault: Fault };
    };

export type SettingsEvent =
  | { type: 'loading' }
  | { type: 'loaded'; preferences: Preferences; contact: Contact; seen: readonly string[] }
  | { type: 'unread'; fault: Fault }
  | { type: 'changed'; draft: Preferences }
  | { type: 'saving' }
  | { type: 'saved'; preferences: Preferences; sent: Preferences }
  | { type: 'not_saved'; fault: Fault };

/** The next state. Pure. What was changed and not saved is never lost to what is read. */
export function reduce(settings: Settings, event: SettingsEvent): Settings {
  switch (event.type) {
    case 'loading':
      return settings.at === 'ready' ? settings : { at: 'loading' };
    case 'unread':
      return settings.at === 'ready' ? settings : { at: 'unread', fault: event.fault };
    case 'loaded': {
      const { preferences: saved, contact, seen } = event;
      if (settings.at === 'ready' && isChanged(settings)) return { ...settings, saved, contact, seen };
      return { at: 'ready', saved, draft: saved, contact, seen, save: { at: 'idle' } };
    }
    default:
      return settings.at === 'ready' ? whileReady(settings, event) : settings;
  }
}

type Ready = Extract<Settings, { at: 'ready' }>;

function whileReady(settings: Ready, event: Extract<SettingsEvent, { type: 'changed' | 'saving' | 'saved' | 'not_saved' }>): Ready {
  switch (event.type) {
    case 'changed':
      return { ...settings, draft: event.draft, save: { at: 'idle' } };
    case 'saving':
      return { ...settings, save: { at: 'saving' } };
    case 'saved': {
      const { preferences: saved, sent } = event;
      const went = settings.draft === sent; // Else it was changed meanwhile, and there is more to save.
      return { ...settings, saved, ...(went ? { draft: saved, save: { at: 'saved' } } : { save: { at: 'idle' } }) };
    }
    case 'not_saved':
      return { ...settings, save: { at: 'failed', fault: event.fault } };
  }
}

/** Whether there is something to save. */
export function isChanged({ saved, draft }: Pick<Ready, 'saved' | 'draft'>): boolean {
  return JSON.stringify(saved) !== JSON.stringify(draft);
}

export { deviceKey } from './device-key.ts';
export { canonicalLocale, localeChain, localeTag } from './locale.ts';
export {
  category, CHANNELS, DEFAULT_CATEGORY, NO_PREFERENCES, notificationPreferences, preferenceOf, QUIET_WAYS,
  type CategoryPreference, type NotificationChannel, type NotificationPreferences,
} from './preferences.ts';
export { quietHours, quietUntil, timeZone, type QuietHours } from './quiet-hours.ts';
export {
  addressOf, emailAddress, maskEmail, maskToken, PLATFORMS, pushTarget, targetOfToken, webPushSubscription,
  type Platform, type PushTarget, type WebPushSubscription,
} from './targets.ts';
export { escapeHtml, fillTemplate, fieldsOf, notificationTemplate, oneLine, templateName, type NotificationTemplate, type TemplateParams, type Texts } from './template.ts';
export { createUnsubscribeSigner, type Unsubscription, type UnsubscribeSigner } from './unsubscribe.ts';

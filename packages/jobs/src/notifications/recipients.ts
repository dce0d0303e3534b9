import type { EventToken, PayloadOf } from '@armoricore/shared/events';
import { addressOf, deviceKey, emailAddress, maskEmail, maskToken, pushTarget, targetOfToken, type Platform, type PushTarget } from '@armoricore/shared/notifications';
import type { UserProfile } from './profile.ts';

type Input = PayloadOf<'notification.requested'>;

interface Common {
  /** Stands for what it goes to, the same on every run. */
  key: string;
  /** What a person may see of it. */
  shown: string;
  deviceId: string | null;
  locale: string | null;
  /** Why nothing can be sent to it. */
  fault?: string | undefined;
}
export interface PushRecipient extends Common {
  channel: 'push';
  platform: Platform;
  target: PushTarget | null;
  registeredAt: Date | null;
}
export interface MailRecipient extends Common {
  channel: 'email';
  platform: 'email';
  email: string;
}
export type Recipient = PushRecipient | MailRecipient;

/**
 * Whom a notification goes to: the tokens and addresses of the event where it names some, else the devices and the address that
 * we know. Each one once.
 */
export function recipientsOf(input: Input, profile: UserProfile): Recipient[] {
  const { channels, to, kind = 'alert' } = input;
  const unused: Platform = kind === 'voip' ? 'apns' : 'apns-voip';
  const push = channels.includes('push') ? (to?.tokens?.map(fromToken) ?? profile.devices.map(fromDevice)) : [];
  const known = profile.email === null ? [] : [profile.email];
  const mail = channels.includes('email') && kind === 'alert' ? (to?.emails ?? known).map(fromEmail) : [];
  const all = [...push.filter(({ platform }) => platform !== unused), ...mail];
  return [...new Map(all.map((one) => [one.key, one])).values()];
}

function fromDevice({ id, target, locale, registeredAt }: UserProfile['devices'][number]): PushRecipient {
  const address = addressOf(target);
  return { channel: 'push', platform: target.platform, key: deviceKey(target.platform, address), shown: maskToken(target.platform, address), deviceId: id, locale, target, registeredAt };
}

function fromToken(token: EventToken): PushRecipient {
  const parsed = typeof token === 'string' ? targetOfToken(token) : (pushTarget.safeParse(token).data ?? null);
  const named = typeof token === 'string' ? { platform: 'fcm' as const, address: token } : { platform: token.platform, address: 'token' in token ? token.token : token.subscription.endpoint };
  const platform = parsed?.platform ?? named.platform;
  const address = parsed === null ? named.address : addressOf(parsed);
  const fault = parsed === null ? { fault: 'invalid_token' } : {};
  return { channel: 'push', platform, key: deviceKey(platform, address), shown: maskToken(platform, address), deviceId: null, locale: null, target: parsed, registeredAt: null, ...fault };
}

function fromEmail(email: string): MailRecipient {
  const fault = emailAddress.safeParse(email).success ? {} : { fault: 'invalid_address' };
  return { channel: 'email', platform: 'email', key: deviceKey('email', email.toLowerCase()), shown: 'fault' in fault ? '***' : maskEmail(email), deviceId: null, locale: null, email, ...fault };
}

import type { Platform, PushTarget } from '@armoricore/shared/notifications';

/** What became of one call of a provider. */
export type Outcome =
  | { kind: 'sent'; id?: string | undefined }
  /** The address is proven to be of no use: it is forgotten. */
  | { kind: 'drop'; reason: string }
  /** The same may succeed later: after `afterMs`, when the provider says so. `fault` tells that the provider as a whole ails. */
  | { kind: 'retry'; reason: string; afterMs?: number | undefined; fault: boolean }
  /** This message to this address will never succeed; the address may be right. */
  | { kind: 'fail'; reason: string }
  /** Our credentials or settings are refused, so every other call would be, too. */
  | { kind: 'misconfigured'; reason: string };

export type OutcomeKind = Outcome['kind'];

export type NotificationKind = 'alert' | 'background' | 'voip';
export type Priority = 'low' | 'normal' | 'high';

/** What is sent to a device. */
export interface PushMessage {
  /** A UUID of this notification for this device. */
  id: string;
  notificationId: string;
  kind: NotificationKind;
  /** Nothing is shown when both are missing. */
  title?: string | undefined;
  body?: string | undefined;
  data: Readonly<Record<string, unknown>>;
  /** A newer message of the same key takes the place of an older one that was not delivered yet. */
  collapseKey?: string | undefined;
  /** Of what is shown: another message of the same tag takes its place. So a message that came twice is seen once. */
  tag: string;
  priority: Priority;
  /** How long a provider shall keep it for a device that is away, in s. */
  ttlS: number;
  badge?: number | undefined;
}

/** A device, and since when we know that it has this address. */
export interface PushDevice {
  target: PushTarget;
  registeredAt: Date | null;
}

/** What is sent to an address. The texts may hold anything. */
export interface MailMessage {
  /** Names it in the header Message-ID: the same one again is known as such by many mail programs. */
  id: string;
  subject: string;
  text: string;
  html?: string | undefined;
  /** Where mails of this category are switched off, without a further question (RFC 8058). */
  unsubscribeUrl: string;
}

/**
 * A way to deliver. Promises of every adapter, held by tests against servers that answer like the real ones:
 * - one `send` is at most one message: nothing is repeated by itself;
 * - it answers within some twenty seconds and never throws;
 * - connections are kept and shared by concurrent sends.
 */
export interface Provider<To, Message> {
  readonly name: string;
  send(to: To, message: Message): Promise<Outcome>;
  close?(): Promise<void> | void;
}
export type PushProvider = Provider<PushDevice, PushMessage>;
export type MailProvider = Provider<string, MailMessage>;

/** Who delivers to which platform. A platform that is missing is not configured. */
export type Providers = Partial<Record<Platform, PushProvider>> & { email?: MailProvider };

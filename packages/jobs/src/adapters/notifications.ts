import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError, type ConfigOf, type notificationConfig } from '@armoricore/shared/config';
import type { Database } from '@armoricore/shared/db';
import { describeError, type Backoff, type Breaker, type Log, type Service } from '@armoricore/shared/kernel';
import { createUnsubscribeSigner } from '@armoricore/shared/notifications';
import type { Metrics } from '@armoricore/shared/ops';
import type { AnyJob } from '../core/index.ts';
import type { Gates } from '../notifications/deliver.ts';
import { createGate, type Gate } from '../notifications/gate.ts';
import { createNotificationJob } from '../notifications/job.ts';
import type { MailMessage, Provider, Providers, PushDevice, PushMessage } from '../notifications/port.ts';
import { openDevMailbox } from './dev-mailbox.ts';

export type NotificationSettings = ConfigOf<{ notifications: typeof notificationConfig }>['notifications'];

export interface NotificationOptions {
  db: Database;
  config: NotificationSettings;
  /** Without credentials what would be sent goes to a local mailbox. */
  development: boolean;
  /** Signs the links that end mails. */
  secret: string;
  /** Where these lead. */
  publicUrl: string;
  metrics: Metrics;
  log: Log;
  /** Those that the settings name when it is not given. */
  providers?: Providers;
  /** How long a provider that refuses our credentials is left alone, in ms. */
  misconfiguredMs?: number;
  /** The waits of deliveries that a provider does not name. */
  backoff?: Backoff;
}

/**
 * Puts the parts of notifications together. A provider is loaded only when it is configured.
 * @throws ConfigError when credentials are incomplete or cannot be read
 */
export async function openNotifications(options: NotificationOptions): Promise<{ jobs: AnyJob[]; services: Service[]; breakers: Breaker[] }> {
  const { db, config, development, secret, publicUrl, metrics, log, misconfiguredMs, backoff } = options;
  const providers = options.providers ?? (await configured(config));
  const mailbox = development ? openDevMailbox(db, log) : undefined;
  const signer = createUnsubscribeSigner(secret);
  const gate = <To, Message>(provider: Provider<To, Message>, perSecond: number): Gate<To, Message> => createGate(provider, { perSecond, log, misconfiguredMs });
  const push = (provider: Provider<PushDevice, PushMessage> | undefined, perSecond: number): Gate<PushDevice, PushMessage> | undefined =>
    provider === undefined ? undefined : gate(provider, perSecond);
  const fallback = push(mailbox?.push, config.FCM_PER_SECOND);
  const apns = push(providers.apns, config.APNS_PER_SECOND) ?? fallback;
  const email: Gate<string, MailMessage> | undefined = providers.email === undefined ? mailbox && gate(mailbox.email, config.MAIL_PER_SECOND) : gate(providers.email, config.MAIL_PER_SECOND);
  const named = {
    fcm: push(providers.fcm, config.FCM_PER_SECOND) ?? fallback,
    apns,
    'apns-voip': apns,
    webpush: push(providers.webpush, config.WEBPUSH_PER_SECOND) ?? fallback,
    email,
  };
  const gates = Object.fromEntries(Object.entries(named).filter(([, found]) => found !== undefined)) as Gates;
  const open = [...new Set(Object.values(named))].filter((found) => found !== undefined && found.name !== 'mailbox') as Gate<unknown, unknown>[];

  metrics.gauge({
    name: 'notification_provider_misconfigured',
    help: 'Whether a provider refuses our credentials or settings: 1 when it does.',
    labels: ['provider'],
    read: () => open.map(({ name, misconfigured }) => ({ labels: { provider: name }, value: misconfigured() === null ? 0 : 1 })),
  });
  const deliveries = metrics.counter({ name: 'notification_deliveries_total', help: 'Calls for deliveries, by platform and what came of them.', labels: ['platform', 'outcome'] });
  const job = createNotificationJob({
    db,
    gates,
    unsubscribeUrl: (userId, category) => `${publicUrl}/api/v1/unsubscribe?token=${signer.sign({ userId, category })}`,
    defaultLocale: config.NOTIFY_LOCALE,
    defaultTtlS: config.NOTIFY_TTL_S,
    perMinute: config.NOTIFY_PER_MINUTE,
    backoff,
    observe: (platform, outcome) => deliveries({ platform, outcome }),
  });
  return { jobs: [job], services: open.map(({ service }) => service), breakers: open.map(({ breaker }) => breaker) };
}

async function configured(config: NotificationSettings): Promise<Providers> {
  const [fcm, apns, webpush, email] = await Promise.all([fcmOf(config), apnsOf(config), webPushOf(config), mailOf(config)]);
  return { ...(fcm && { fcm }), ...(apns && { apns, 'apns-voip': apns }), ...(webpush && { webpush }), ...(email && { email }) };
}

const serviceAccount = z.object({ project_id: z.string(), client_email: z.string(), private_key: z.string() });

async function fcmOf({ FIREBASE_PROJECT_ID, FIREBASE_SERVICE_ACCOUNT }: NotificationSettings): Promise<Providers['fcm']> {
  if (FIREBASE_SERVICE_ACCOUNT === undefined) {
    if (FIREBASE_PROJECT_ID === undefined) return undefined;
    throw new ConfigError(['FIREBASE_SERVICE_ACCOUNT: is not set; needed: the service account of the project FIREBASE_PROJECT_ID']);
  }
  const json = await secretOf('FIREBASE_SERVICE_ACCOUNT', FIREBASE_SERVICE_ACCOUNT);
  const account = serviceAccount.safeParse(parseJson(json));
  if (!account.success) throw new ConfigError(['FIREBASE_SERVICE_ACCOUNT: is no service account; needed: the JSON that the Firebase console gives']);
  const { project_id: projectId, client_email: clientEmail, private_key: privateKey } = account.data;
  const { openFcm } = await import('./fcm.ts');
  return openFcm({ projectId: FIREBASE_PROJECT_ID ?? projectId, credential: { projectId, clientEmail, privateKey } }).catch((cause: unknown) => {
    throw new ConfigError([`FIREBASE_SERVICE_ACCOUNT: has no private key that can be read; needed: the JSON that the Firebase console gives (${describeError(cause)})`]);
  });
}

async function apnsOf(config: NotificationSettings): Promise<Providers['apns']> {
  const found = allOrNone(config, ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC']);
  if (found === undefined) return undefined;
  const [value, keyId, teamId, topic] = found;
  const key = (await secretOf('APNS_KEY', value)).replaceAll('\\n', '\n');
  if (!key.includes('-----BEGIN')) throw new ConfigError(['APNS_KEY: is no private key; needed: the .p8 of Apple, or `@` and the path of it']);
  const { openApns } = await import('./apns.ts');
  return openApns({ key, keyId, teamId, topic, production: config.APNS_PRODUCTION }).catch((cause: unknown) => {
    throw new ConfigError([`APNS_KEY: is no private key; needed: the .p8 of Apple (${describeError(cause)})`]);
  });
}

async function webPushOf(config: NotificationSettings): Promise<Providers['webpush']> {
  const found = allOrNone(config, ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY', 'VAPID_SUBJECT']);
  if (found === undefined) return undefined;
  const [publicKey, privateKey, subject] = found;
  const { openWebPush } = await import('./webpush.ts');
  return openWebPush({ publicKey, privateKey, subject });
}

async function mailOf(config: NotificationSettings): Promise<Providers['email']> {
  const found = allOrNone(config, ['MAIL_URL', 'MAIL_FROM']);
  if (found === undefined) return undefined;
  const [url, from] = found;
  const { openMail } = await import('./mail.ts');
  return openMail({ url, from }).catch((cause: unknown) => {
    throw new ConfigError([`MAIL_FROM: is ${JSON.stringify(from)}; needed: ${describeError(cause)}`]);
  });
}

/** Settings that are of use together alone. @throws ConfigError with one line for each that is missing */
function allOrNone<const Names extends readonly (keyof NotificationSettings)[]>(config: NotificationSettings, names: Names): { [K in keyof Names]: string } | undefined {
  const missing = names.filter((name) => config[name] === undefined);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) throw new ConfigError(missing.map((name) => `${name}: is not set; needed: it, as ${names.find((one) => config[one] !== undefined)} is set`));
  return names.map((name) => config[name]) as unknown as { [K in keyof Names]: string };
}

/** A secret as it is, or from the file that `@` names. */
async function secretOf(name: string, value: string): Promise<string> {
  if (!value.startsWith('@')) return value;
  return await readFile(value.slice(1), 'utf8').catch((cause: unknown) => {
    throw new ConfigError([`${name}: names a file that cannot be read (${(cause as NodeJS.ErrnoException).code}); needed: one that can`]);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

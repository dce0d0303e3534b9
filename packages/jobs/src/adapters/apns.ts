import { createHash } from 'node:crypto';
import { describeError } from '@armoricore/shared/kernel';
import type { Notification, ResponseFailure } from 'apn';
import { classify, type Rule } from '../notifications/classify.ts';
import { fitted } from '../notifications/message.ts';
import type { Outcome, PushDevice, PushMessage, PushProvider } from '../notifications/port.ts';

/** https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns */
export const APNS_RULES: readonly Rule[] = [
  // The wrong environment, or the wrong APNS_TOPIC, gets these two for every token.
  { status: 400, code: 'BadDeviceToken', outcome: 'drop', onceProven: true },
  { status: 400, code: 'DeviceTokenNotForTopic', outcome: 'drop', onceProven: true },
  { status: 410, code: /^(Unregistered|ExpiredToken)$/, outcome: 'drop' },
  { status: 400, code: /^(BadTopic|MissingTopic|TopicDisallowed)$/, outcome: 'misconfigured' },
  { status: 400, code: 'IdleTimeout', outcome: 'retry' },
  { status: 403, outcome: 'misconfigured' },
  { status: 429, code: 'TooManyProviderTokenUpdates', outcome: 'misconfigured' },
  { status: 429, outcome: 'retry' },
  { status: [500, 599], outcome: 'retry', fault: true },
  { code: /^no_answer/, outcome: 'retry', fault: true },
];

const MAX_PAYLOAD = 4096;
const MAX_VOIP_PAYLOAD = 5120;
const MAX_COLLAPSE_ID = 64;
const REQUEST_TIMEOUT_MS = 10_000;

export interface ApnsOptions {
  /** Token authentication: the `.p8` key as PEM, its id, and the team's. */
  key: string;
  keyId: string;
  teamId: string;
  /** The bundle id. Calls go to `<topic>.voip`. */
  topic: string;
  production: boolean;
  /** Another server than Apple's. */
  server?: { address: string; port: number; ca: string };
}

/**
 * Apple's push service over one HTTP/2 connection. It promises nothing for a message that is sent twice; the collapse id makes
 * the device show it once.
 */
export async function openApns({ key, keyId, teamId, topic, production, server }: ApnsOptions): Promise<PushProvider> {
  const { default: apn } = await import('apn');
  const provider = new apn.Provider({
    token: { key, keyId, teamId },
    production,
    connectionRetryLimit: 0, // We wait in the queue.
    requestTimeout: REQUEST_TIMEOUT_MS,
    ...(server === undefined ? {} : { address: server.address, port: server.port, ca: [server.ca] }),
  });
  let proven = false;

  return {
    name: 'apns',
    async send(device, message) {
      const { target } = device;
      if (target.platform !== 'apns' && target.platform !== 'apns-voip') return { kind: 'fail', reason: 'invalid_token' };
      const voip = target.platform === 'apns-voip';
      const build = (one: PushMessage): Notification => fill(new apn.Notification(), one, voip ? `${topic}.voip` : topic);
      const built = fitted(message, build, (note) => Buffer.byteLength(JSON.stringify(note)), voip ? MAX_VOIP_PAYLOAD : MAX_PAYLOAD);
      if (built === null) return { kind: 'fail', reason: 'payload_too_large' };
      try {
        const { sent, failed } = await provider.send(built, target.token);
        if (sent.length === 1) {
          proven = true;
          return { kind: 'sent', id: message.id };
        }
        return outcomeOf(failed[0], device, proven);
      } catch (error) {
        return { kind: 'retry', reason: describeError(error), fault: true };
      }
    },
    close: () => new Promise<void>((resolve) => void provider.shutdown(() => resolve())),
  };
}

function fill(note: Notification, message: PushMessage, topic: string): Notification {
  const { kind, title, body, badge } = message;
  const shown = kind === 'alert' && (title !== undefined || body !== undefined);
  note.id = message.id;
  note.topic = topic;
  note.expiry = message.ttlS === 0 ? 0 : Math.floor(Date.now() / 1_000) + message.ttlS;
  note.collapseId = Buffer.byteLength(message.tag) <= MAX_COLLAPSE_ID ? message.tag : createHash('sha256').update(message.tag).digest('base64url');
  note.payload = { ...message.data, notification_id: message.notificationId };
  if (kind === 'voip') {
    note.pushType = 'voip';
    note.priority = 10;
    if (title !== undefined) note.payload = { ...note.payload, title, body };
    return note;
  }
  note.pushType = shown ? 'alert' : 'background';
  note.priority = shown && message.priority !== 'low' ? 10 : 5; // Apple refuses 10 for what shows nothing.
  if (shown) {
    note.alert = { body: body ?? '', ...(title === undefined ? {} : { title }) };
    note.sound = 'default';
    if (badge !== undefined) note.badge = badge;
  } else {
    note.contentAvailable = true;
  }
  return note;
}

/** Of a connection that broke the library tells no status. It drops `Retry-After`, which Apple does not document. */
function outcomeOf(failure: ResponseFailure | undefined, { registeredAt }: PushDevice, proven: boolean): Outcome {
  const status = failure?.status === undefined ? undefined : Number(failure.status);
  const reason = failure?.response?.reason ?? (status === 403 ? failure?.error?.message : undefined);
  const code = reason ?? (status === undefined ? `no_answer: ${failure?.error?.message ?? ''}` : undefined);
  const outcome = classify(APNS_RULES, { status, code }, { proven });
  // Apple says since when the token is of no use. One that the app has registered after that is a good one.
  const since = Number(failure?.response?.timestamp ?? Number.NaN);
  const stale = outcome.kind === 'drop' && status === 410 && registeredAt !== null && since < registeredAt.getTime();
  return stale ? { kind: 'retry', reason: outcome.reason, fault: false } : outcome;
}

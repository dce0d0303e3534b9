import type { Agent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { newId } from '@armoricore/shared/kernel';
import type { Credential, ServiceAccount } from 'firebase-admin/app';
import type { Messaging, TokenMessage } from 'firebase-admin/messaging';
import { classify, retryAfterMs, type Answer, type Rule } from '../notifications/classify.ts';
import { fitted, textData } from '../notifications/message.ts';
import type { PushMessage, PushProvider } from '../notifications/port.ts';

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode: the code, else the canonical status. */
export const FCM_RULES: readonly Rule[] = [
  { status: 400, code: 'INVALID_TOKEN', outcome: 'drop' },
  { status: 404, code: 'UNREGISTERED', outcome: 'drop' },
  { status: 403, code: 'SENDER_ID_MISMATCH', outcome: 'drop', onceProven: true },
  { status: 400, outcome: 'fail' },
  // Firebase lacks a key for this platform behind it; devices of others are not concerned.
  { code: 'THIRD_PARTY_AUTH_ERROR', outcome: 'retry' },
  { status: [401, 403], outcome: 'misconfigured' },
  { code: 'invalid-credential', outcome: 'misconfigured' },
  { status: 429, outcome: 'retry' },
  { status: [500, 599], outcome: 'retry', fault: true },
  { code: /^network/, outcome: 'retry', fault: true },
];

/** Keys and values of data and the notification, in bytes. */
const MAX_PAYLOAD = 4096;
/** Connections that are kept. */
const MAX_SOCKETS = 64;

export interface FcmOptions {
  projectId: string;
  /** The service account that the Firebase console gives, or another source of access tokens. */
  credential: ServiceAccount | Credential;
  /** Makes the connections; by default to Google. */
  agent?: Agent;
}

/** Firebase Cloud Messaging, HTTP v1. It knows no idempotency: a message sent twice is delivered twice (and shown once, by its tag). */
export async function openFcm({ projectId, credential, agent = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }) }: FcmOptions): Promise<PushProvider> {
  const [{ initializeApp, deleteApp, cert }, { getMessaging }] = await Promise.all([import('firebase-admin/app'), import('firebase-admin/messaging')]);
  const own = 'getAccessToken' in credential ? credential : cert(credential, agent);
  const app = initializeApp({ projectId, credential: own, httpAgent: agent }, `armoricore-${newId()}`);
  const messaging = getMessaging(app);
  sendOnce(messaging);
  let proven = false;

  return {
    name: 'fcm',
    async send({ target }, message) {
      if (target.platform !== 'fcm') return { kind: 'fail', reason: 'invalid_token' };
      const built = fitted(message, (one) => fcmMessage(target.token, one), sizeOf, MAX_PAYLOAD);
      if (built === null) return { kind: 'fail', reason: 'payload_too_large' };
      try {
        const id = await messaging.send(built);
        proven = true;
        return { kind: 'sent', id };
      } catch (error) {
        return classify(FCM_RULES, answerOf(error), { proven });
      }
    },
    async close() {
      await deleteApp(app);
      agent.destroy();
    },
  };
}

/**
 * The SDK repeats a 503 and a lost connection up to four times and has no option against it. We wait in the queue instead, where
 * the wait holds up nothing, is seen, and ends with the process.
 */
function sendOnce(messaging: Messaging): void {
  const client = (messaging as unknown as { messagingRequestHandler?: { httpClient?: { retry?: { maxRetries: number } } } }).messagingRequestHandler?.httpClient;
  if (client?.retry === undefined) throw new Error('this version of firebase-admin keeps its retries elsewhere');
  client.retry.maxRetries = 0;
}

function fcmMessage(token: string, message: PushMessage): TokenMessage {
  const { title, body, kind, collapseKey, tag, ttlS, badge } = message;
  const urgent = kind === 'voip' || message.priority === 'high';
  const shown = title !== undefined || body !== undefined;
  const text = { ...(title === undefined ? {} : { title }), ...(body === undefined ? {} : { body }) };
  const aps = { ...(badge === undefined ? {} : { badge }), ...(shown ? { sound: 'default' } : { contentAvailable: true }) };
  return {
    token,
    data: { ...textData(message.data), notification_id: message.notificationId, kind },
    ...(shown ? { notification: text } : {}),
    android: {
      priority: urgent ? 'high' : 'normal',
      ttl: ttlS * 1_000,
      ...(collapseKey === undefined ? {} : { collapseKey }),
      ...(shown ? { notification: { tag, ...(badge === undefined ? {} : { notificationCount: badge }) } } : {}),
    },
    apns: {
      headers: { 'apns-priority': shown && message.priority !== 'low' ? '10' : '5', 'apns-expiration': String(Math.floor(Date.now() / 1_000) + ttlS) },
      payload: { aps },
    },
  };
}

function sizeOf({ data, notification }: TokenMessage): number {
  return Buffer.byteLength(JSON.stringify([data, notification]));
}

interface FcmError {
  code?: string;
  cause?: unknown;
  httpResponse?: { status: number; headers: Record<string, string | undefined>; data?: unknown };
}
interface FcmBody {
  error?: { status?: string; message?: string; details?: { '@type'?: string; errorCode?: string; fieldViolations?: { field?: string }[] }[] };
}

function answerOf(thrown: unknown): Answer {
  const { code = '', cause, httpResponse } = thrown as FcmError;
  if (httpResponse !== undefined) {
    const { status, headers, data } = httpResponse;
    return { status, code: wordOf(data as FcmBody), retryAfterMs: retryAfterMs(headers['retry-after']) };
  }
  // Google's token server has refused us, unless it ails or could not be reached.
  const { status = 0 } = (cause as { response?: { status?: number } } | undefined)?.response ?? {};
  if (code === 'app/invalid-credential' && status >= 400 && status < 500) return { code: 'invalid-credential' };
  return { code: code.startsWith('messaging/') ? code : 'network' };
}

/** FCM's own code where there is one. `INVALID_ARGUMENT` is of the whole request; where it names the token we say so. */
function wordOf({ error }: FcmBody): string | undefined {
  const details = Array.isArray(error?.details) ? error.details : [];
  const code = details.find(({ errorCode }) => errorCode !== undefined)?.errorCode ?? error?.status;
  const namesToken =
    details.some(({ fieldViolations = [] }) => fieldViolations.some(({ field }) => field === 'message.token')) || /registration token is not a valid/i.test(error?.message ?? '');
  return code === 'INVALID_ARGUMENT' && namesToken ? 'INVALID_TOKEN' : code;
}

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import type { WebPushSubscription } from '@armoricore/shared/notifications';
import type { RequestDetails } from 'web-push';
import { classify, retryAfterMs, type Answer, type Rule } from '../notifications/classify.ts';
import { fitted } from '../notifications/message.ts';
import type { PushMessage, PushProvider } from '../notifications/port.ts';
import { guardedLookup, type Door } from '../outside/lookup.ts';

/**
 * RFC 8030 §5 and §8.4, RFC 8292 §4.2, and what the services of Mozilla, Google and Apple say of 401 and 403. A redirect is no answer of
 * theirs: it is not followed.
 */
export const WEBPUSH_RULES: readonly Rule[] = [
  { code: 'endpoint_refused', outcome: 'fail' },
  { status: [300, 399], outcome: 'fail' },
  { status: 404, outcome: 'drop' },
  { status: 410, outcome: 'drop' },
  // This one subscription was made with another key than ours. Of a wrong key of ours every subscription says so, hence no drop.
  { status: [400, 403], code: 'vapid_mismatch', outcome: 'fail' },
  { status: [401, 403], outcome: 'misconfigured' },
  { status: 429, outcome: 'retry' },
  { status: [500, 599], outcome: 'retry', fault: true },
  { code: /^no_answer/, outcome: 'retry' }, // Anyone may run a push service; that one of them is away says nothing of the others.
];

/** What every service takes is 4096 bytes encrypted (RFC 8030 §7.2); so much of it is ours. */
const MAX_PAYLOAD = 3_900;
const TIMEOUT_MS = 10_000;
/** Of an answer so much is read: it is only looked through for a reason. */
const MAX_ANSWER = 4 * 1024;
const MAX_SOCKETS = 64;
const TOPIC_LENGTH = 32;

export interface WebPushOptions {
  /** VAPID (RFC 8292): the key pair, and a `mailto:` or `https:` URL of ours. */
  publicKey: string;
  privateKey: string;
  subject: string;
  /** How services are reached; by default public addresses alone. */
  door?: Door & { ca?: string };
}

/** Encrypted messages to the push services of browsers. The topic makes a service keep one of two that came twice, the tag the browser show one. */
export async function openWebPush({ publicKey, privateKey, subject, door = {} }: WebPushOptions): Promise<PushProvider> {
  const { default: webpush } = await import('web-push');
  const vapidDetails = { subject, publicKey, privateKey };
  const lookup = guardedLookup(door, () => new Refused());
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: TIMEOUT_MS, lookup, ...(door.ca === undefined ? {} : { ca: door.ca }) });

  function detailsOf(subscription: WebPushSubscription, message: PushMessage, payload: string): RequestDetails {
    const urgency = message.kind === 'voip' ? 'high' : message.priority;
    const topic = createHash('sha256').update(message.tag).digest('base64url').slice(0, TOPIC_LENGTH);
    return webpush.generateRequestDetails(subscription, payload, { vapidDetails, TTL: message.ttlS, urgency, topic, contentEncoding: 'aes128gcm' });
  }

  return {
    name: 'webpush',
    async send({ target }, message) {
      if (target.platform !== 'webpush') return { kind: 'fail', reason: 'invalid_token' };
      const payload = fitted(message, payloadOf, Buffer.byteLength, MAX_PAYLOAD);
      if (payload === null) return { kind: 'fail', reason: 'payload_too_large' };
      const url = new URL(target.subscription.endpoint);
      if (url.protocol !== 'https:' || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return classify(WEBPUSH_RULES, { code: 'endpoint_refused' });
      let details: RequestDetails;
      try {
        details = detailsOf(target.subscription, message, payload);
      } catch {
        return { kind: 'fail', reason: 'invalid_token' }; // Its keys are no keys.
      }
      const answer = await post(url, details, agent);
      return answer.status !== undefined && answer.status < 300 ? { kind: 'sent', id: answer.code } : classify(WEBPUSH_RULES, answer);
    },
    close: () => agent.destroy(),
  };
}

class Refused extends Error {}

/** What the service worker of the page gets. */
function payloadOf({ title, body, data, tag, badge, kind, notificationId }: PushMessage): string {
  return JSON.stringify({ notification_id: notificationId, kind, title, body, tag, badge, data });
}

/** The library encrypts and signs; the request is ours, since it must not follow redirects and not read without end. `code` of a success is its location. */
async function post(url: URL, { headers, body }: RequestDetails, agent: Agent): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const outgoing = request(url, { method: 'POST', headers: headers as Record<string, string | number>, agent, signal });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response', { signal })) as [IncomingMessage];
    const text = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status < 300) return { status, code: response.headers.location };
    const mismatch = /VapidPkHashMismatch|do not correspond to the credentials/i.test(text);
    return { status, code: mismatch ? 'vapid_mismatch' : undefined, retryAfterMs: retryAfterMs(response.headers['retry-after']) };
  } catch (error) {
    return { code: error instanceof Refused ? 'endpoint_refused' : `no_answer: ${(error as NodeJS.ErrnoException).code ?? 'timeout'}` };
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER) {
      response.destroy();
      break;
    }
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER);
}

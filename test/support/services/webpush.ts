/**
 * Emulates a push service of browsers (RFC 8030) over TLS: it takes encrypted messages (RFC 8291), checks the form of what comes with
 * them (TTL, `aes128gcm`, a VAPID token, the topic) and decrypts what a browser would. A test says what a subscription gets.
 */
import { createDecipheriv, createECDH, createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { TEST_CA, TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from './certificate.ts';
import { listenOnLoopback } from './loopback.ts';

export interface WebPushAnswer {
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

export interface FakeWebPush {
  received: { path: string; headers: IncomingHttpHeaders; payload: Record<string, any> | null }[];
  answer: (path: string) => WebPushAnswer | 'ok' | 'reset' | 'silence';
  connections: number;
  /** A browser's subscription; `path` names it. */
  subscribe(path: string, host?: string): { endpoint: string; keys: { p256dh: string; auth: string } };
  /** What reaches this server alone: its names lead to it. */
  door: { ca: string; allow: (address: string) => boolean; resolve: () => Promise<{ address: string; family: number }[]> };
  close(): Promise<void>;
}

export async function startWebPush(): Promise<FakeWebPush> {
  const browsers = new Map<string, { ecdh: ReturnType<typeof createECDH>; auth: Buffer }>();
  const server = createServer({ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY, keepAliveTimeout: 30_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const browser = browsers.get(path);
      fake.received.push({ path, headers: request.headers, payload: browser === undefined ? null : decrypt(Buffer.concat(chunks), browser) });
      const answer = formFault(request.headers) ?? fake.answer(path);
      if (answer === 'silence') return;
      if (answer === 'reset') return void request.socket.destroy();
      const { status, body = '', headers = {} } = answer === 'ok' ? { status: 201, headers: { location: `https://push.test/m/${fake.received.length}` } } : answer;
      response.writeHead(status, headers).end(body);
    });
  });
  server.on('secureConnection', () => (fake.connections += 1));
  const port = await listenOnLoopback(server);
  const fake: FakeWebPush = {
    received: [],
    answer: () => 'ok',
    connections: 0,
    subscribe(path, host = 'push.test') {
      const ecdh = createECDH('prime256v1');
      const auth = randomBytes(16);
      const p256dh = ecdh.generateKeys().toString('base64url');
      browsers.set(path, { ecdh, auth });
      return { endpoint: `https://${host}:${port}${path}`, keys: { p256dh, auth: auth.toString('base64url') } };
    },
    door: { ca: TEST_CA, allow: (address) => address === '127.0.0.1', resolve: async () => [{ address: '127.0.0.1', family: 4 }] },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

function formFault({ ttl, authorization, topic, 'content-encoding': encoding }: IncomingHttpHeaders): WebPushAnswer | undefined {
  const right = /^\d+$/.test(String(ttl)) && encoding === 'aes128gcm' && /^vapid t=[\w.-]+, k=[\w-]+$/.test(String(authorization)) && /^[\w-]{1,32}$/.test(String(topic));
  return right ? undefined : { status: 400, body: 'the form of the request is wrong' };
}

/** RFC 8188 with the keys of RFC 8291: one record. */
function decrypt(body: Buffer, { ecdh, auth }: { ecdh: ReturnType<typeof createECDH>; auth: Buffer }): Record<string, any> {
  const hmac = (key: Buffer, ...parts: Buffer[]): Buffer => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  const salt = body.subarray(0, 16);
  const senderKey = body.subarray(21, 21 + body[20]!);
  const sealed = body.subarray(21 + body[20]!);
  const one = Buffer.from([1]);
  const ikm = hmac(hmac(auth, ecdh.computeSecret(senderKey)), Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), senderKey, one);
  const prk = hmac(salt, ikm);
  const key = hmac(prk, Buffer.from('Content-Encoding: aes128gcm\0'), one).subarray(0, 16);
  const nonce = hmac(prk, Buffer.from('Content-Encoding: nonce\0'), one).subarray(0, 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)).toString()) as Record<string, any>;
}

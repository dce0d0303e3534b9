/**
 * Emulates the Apple Push Notification service: HTTP/2 over TLS with a certificate of its own authority, `POST /3/device/<token>`, the
 * checks of headers that Apple documents (topic, push type, priority of background pushes, `apns-id`, the bearer token's form), and
 * the status and `reason` of https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns.
 * It checks no signature and knows no devices: a test says what a token gets.
 */
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { TEST_CA, TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from './certificate.ts';
import { listenOnLoopback } from './loopback.ts';

export interface ApnsAnswer {
  status: number;
  reason?: string;
  /** Of a 410: since when the token is not valid, in ms since 1970. */
  timestamp?: number;
}

export interface FakeApns {
  received: { token: string; headers: IncomingHttpHeaders; payload: Record<string, any> }[];
  /** What the next message to a token gets; `'goaway'` ends the connection, `'silence'` never answers. */
  answer: (token: string) => ApnsAnswer | 'ok' | 'goaway' | 'silence';
  /** HTTP/2 connections so far. */
  connections: number;
  /** For the adapter. */
  server: { address: string; port: number; ca: string };
  close(): Promise<void>;
}

export async function startApns(): Promise<FakeApns> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer({ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY });
  server.on('session', (session) => {
    fake.connections += 1;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const token = String(headers[':path']).replace('/3/device/', '');
      const payload = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, any>;
      fake.received.push({ token, headers, payload });
      const wrong = faultOf(token, headers, payload, Buffer.concat(chunks).length);
      respond(stream, wrong === null ? fake.answer(token) : wrong, headers);
    });
  });
  const fake: FakeApns = {
    received: [],
    answer: () => 'ok',
    connections: 0,
    server: { address: '127.0.0.1', port: await listenOnLoopback(server), ca: TEST_CA },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
  return fake;
}

function faultOf(token: string, headers: IncomingHttpHeaders, payload: Record<string, any>, bytes: number): ApnsAnswer | null {
  const { 'apns-topic': topic, 'apns-push-type': type, 'apns-priority': priority, 'apns-id': id, authorization } = headers;
  if (!/^bearer [\w-]+\.[\w-]+\.[\w-]+$/.test(String(authorization))) return { status: 403, reason: 'MissingProviderToken' };
  if (topic === undefined) return { status: 400, reason: 'MissingTopic' };
  if (!/^[0-9a-f]{64,}$/.test(token)) return { status: 400, reason: 'BadDeviceToken' };
  if (id !== undefined && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(id))) return { status: 400, reason: 'BadMessageId' };
  if (Buffer.byteLength(String(headers['apns-collapse-id'] ?? '')) > 64) return { status: 400, reason: 'BadCollapseId' };
  const isVoip = String(topic).endsWith('.voip');
  if (isVoip !== (type === 'voip') || !['alert', 'background', 'voip'].includes(String(type))) return { status: 400, reason: 'InvalidPushType' };
  const aps = payload['aps'] as Record<string, unknown> | undefined;
  if (type === 'background' && (priority !== '5' || aps?.['alert'] !== undefined || aps?.['content-available'] !== 1)) return { status: 400, reason: 'BadPriority' };
  return bytes > (isVoip ? 5120 : 4096) ? { status: 413, reason: 'PayloadTooLarge' } : null;
}

function respond(stream: ServerHttp2Stream, answer: ReturnType<FakeApns['answer']>, headers: IncomingHttpHeaders): void {
  if (answer === 'silence') return;
  if (answer === 'goaway') return stream.session?.destroy();
  const { status, reason, timestamp } = answer === 'ok' ? { status: 200, reason: undefined, timestamp: undefined } : answer;
  stream.respond({ ':status': status, 'apns-id': headers['apns-id'] });
  stream.end(reason === undefined ? '' : JSON.stringify({ reason, ...(timestamp === undefined ? {} : { timestamp }) }));
}

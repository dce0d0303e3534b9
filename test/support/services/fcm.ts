/**
 * Emulates Firebase Cloud Messaging, HTTP v1 (`POST /v1/projects/<id>/messages:send` of fcm.googleapis.com), over TLS.
 * It answers in the shapes of
 * https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode: `error` with code, status, message and details. It knows
 * neither apps nor devices: a test says what a token gets.
 */
import type { ServerResponse } from 'node:http';
import { Agent, createServer } from 'node:https';
import { connect } from 'node:tls';
import { TEST_CA, TEST_CERTIFICATE, TEST_CERTIFICATE_KEY } from './certificate.ts';
import { listenOnLoopback } from './loopback.ts';

export interface FcmAnswer {
  status: number;
  /** The canonical status of the error, like `NOT_FOUND`. */
  canonical?: string;
  /** FCM's own code, in the details. */
  code?: string;
  message?: string;
  /** The field that is wrong, in the details. */
  field?: string;
  retryAfter?: string;
  /** Sent as it is, instead of an error. */
  raw?: string;
}

export interface FakeFcm {
  /** Messages that came, also those that were refused, in their order. */
  received: { token: string; message: Record<string, any>; authorization: string | undefined; path: string }[];
  /** What the next message to a token gets; by default it is taken. `'reset'` cuts the connection, `'silence'` never answers. */
  answer: (token: string) => FcmAnswer | 'ok' | 'reset' | 'silence';
  /** TLS connections so far. */
  connections: number;
  /** Dials this server whatever the host. */
  agent(): Agent;
  port: number;
  close(): Promise<void>;
}

/** Dials a fake on this port, whatever the host. */
export function fcmAgent(port: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  agent.createConnection = (options) => {
    const { host, servername } = options as { host?: string; servername?: string };
    return connect({ host: '127.0.0.1', port, servername: servername ?? host ?? '', ca: TEST_CA });
  };
  return agent;
}

export async function startFcm(): Promise<FakeFcm> {
  const server = createServer({ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY, keepAliveTimeout: 30_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { message } = JSON.parse(Buffer.concat(chunks).toString()) as { message: { token: string } };
      fake.received.push({ token: message.token, message, authorization: request.headers.authorization, path: request.url ?? '' });
      return respond(response, fake.answer(message.token), fake.received.length);
    });
  });
  server.on('secureConnection', () => (fake.connections += 1));
  const fake: FakeFcm = {
    received: [],
    answer: () => 'ok',
    connections: 0,
    agent: () => fcmAgent(fake.port),
    port: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  fake.port = await listenOnLoopback(server);
  return fake;
}

function respond(response: ServerResponse, answer: ReturnType<FakeFcm['answer']>, number: number): void {
  if (answer === 'silence') return;
  if (answer === 'reset') return void response.socket?.destroy();
  if (answer === 'ok') return reply(response, 200, { name: `projects/test/messages/${number}` });
  const { status, canonical, code, message = 'refused', field, retryAfter, raw } = answer;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  if (raw !== undefined) return void response.writeHead(status, { 'content-type': 'text/html' }).end(raw);
  const details = [
    ...(code === undefined ? [] : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code }]),
    ...(field === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description: message }] }]),
  ];
  return reply(response, status, { error: { code: status, status: canonical, message, details } });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}

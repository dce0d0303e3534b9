/**
 * Emulates the parts of two mail services that send: Amazon SES, API v2 (`POST /v2/email/outbound-emails`, errors by the header
 * `x-amzn-errortype`), and SendGrid, API v3 (`POST /v3/mail/send`, 202 without a body). They check no keys: a test says what is answered.
 */
import { createServer } from 'node:http';
import { listenOnLoopback } from './loopback.ts';

export interface MailApiAnswer {
  status: number;
  /** The name of the error of SES. */
  error?: string;
  headers?: Record<string, string>;
}

export interface FakeMailApis {
  received: { path: string; authorization: string | undefined; body: Record<string, any> }[];
  answer: MailApiAnswer | 'ok' | 'reset';
  url: string;
  close(): Promise<void>;
}

export async function startMailApis(): Promise<FakeMailApis> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      fake.received.push({ path, authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, any> });
      const { answer } = fake;
      if (answer === 'reset') return void request.socket.destroy();
      const isSes = path.startsWith('/v2/');
      if (answer === 'ok') return isSes ? void response.writeHead(200, { 'content-type': 'application/json' }).end('{"MessageId":"ses-1"}') : void response.writeHead(202).end();
      const { status, error, headers = {} } = answer;
      response.writeHead(status, { 'content-type': 'application/json', ...headers, ...(error === undefined ? {} : { 'x-amzn-errortype': error }) });
      return void response.end(JSON.stringify({ message: 'refused', errors: [{ message: 'refused' }] }));
    });
  });
  const fake: FakeMailApis = {
    received: [],
    answer: 'ok',
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}

import { callbackify } from 'node:util';
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import { createTransport, type Transport, type Transporter } from 'nodemailer';
import { retryAfterMs, type Answer } from '../notifications/classify.ts';

const TIMEOUT_MS = 15_000;
const MAX_SOCKETS = 16;

/** A service took no mail, and this is what it answered. */
export class MailRefused extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`the mail service answered ${answer.status ?? answer.code ?? 'nothing'}`);
    this.answer = answer;
  }
}

/** Amazon SES, API v2: `ses://region`, with the usual credentials of the AWS SDK; `?endpoint=` names another server. */
export async function openSes(url: URL): Promise<Transporter> {
  const { SESv2Client: Client, SendEmailCommand } = await import('@aws-sdk/client-sesv2');
  const endpoint = url.searchParams.get('endpoint');
  const client = new Client({
    region: url.hostname,
    maxAttempts: 1, // We wait in the queue.
    requestHandler: { requestTimeout: TIMEOUT_MS, connectionTimeout: TIMEOUT_MS, httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS } },
    ...(endpoint === null ? {} : { endpoint }),
    ...(url.username === '' ? {} : { credentials: { accessKeyId: decodeURIComponent(url.username), secretAccessKey: decodeURIComponent(url.password) } }),
  });
  const inner = createTransport({ SES: { sesClient: telling(client), SendEmailCommand } });
  const close = inner.close.bind(inner);
  inner.close = () => {
    close();
    client.destroy();
  };
  return inner as unknown as Transporter;
}

/** The SDK's errors have their status in one place and their name in another. */
function telling(client: SESv2Client): SESv2Client {
  const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
  const told = async (command: unknown): Promise<unknown> => {
    try {
      return await send(command);
    } catch (thrown) {
      const { name, $metadata, $response } = thrown as { name: string; $metadata?: { httpStatusCode?: number }; $response?: { headers?: Record<string, string> } };
      const status = $metadata?.httpStatusCode;
      const code = status === undefined && !/Credentials/.test(name) ? `no_answer: ${name}` : name;
      throw new MailRefused({ status, code, retryAfterMs: retryAfterMs($response?.headers?.['retry-after']) });
    }
  };
  return Object.assign(Object.create(client) as SESv2Client, { send: told });
}

/** SendGrid, API v3: `sendgrid://<API key>@api.sendgrid.com`; `?endpoint=` names another server. */
export function openSendGrid(url: URL): Transporter {
  const endpoint = `${url.searchParams.get('endpoint') ?? `https://${url.host}`}/v3/mail/send`;
  const key = decodeURIComponent(url.username);
  const transport: Transport = {
    name: 'sendgrid',
    version: '3',
    send(mail, done) {
      const { to, from, subject, text, html, headers } = mail.data as unknown as SendGridMail;
      const messageId = mail.message.messageId();
      const body = {
        personalizations: [{ to: [{ email: to.address }] }],
        from: { email: from.address, ...(from.name === '' ? {} : { name: from.name }) },
        subject,
        content: [{ type: 'text/plain', value: text === '' ? ' ' : text }, ...(html === undefined ? [] : [{ type: 'text/html', value: html }])],
        headers: { ...headers, 'Message-ID': messageId },
      };
      const info = { envelope: mail.message.getEnvelope(), messageId };
      callbackify(post)(endpoint, key, body, (error) => done(error, info));
    },
  };
  return createTransport(transport) as unknown as Transporter;
}

interface SendGridMail {
  to: { address: string };
  from: { name: string; address: string };
  subject: string;
  text: string;
  html?: string;
  headers: Record<string, string>;
}

/** @throws MailRefused */
async function post(endpoint: string, key: string, body: object): Promise<void> {
  let response: Response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
  } catch (error) {
    throw new MailRefused({ code: `no_answer: ${(error as Error).name}` });
  }
  if (response.ok) return;
  // Seconds since 1970, by the API's documentation of rate limits.
  const reset = Number(response.headers.get('x-ratelimit-reset') ?? Number.NaN) * 1_000 - Date.now();
  throw new MailRefused({ status: response.status, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) ?? (Number.isFinite(reset) ? Math.max(0, reset) : undefined) });
}

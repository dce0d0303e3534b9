import { createTransport, type Transporter } from 'nodemailer';
import { emailAddress, oneLine } from '@armoricore/shared/notifications';
import { classify, type Answer, type Rule } from '../notifications/classify.ts';
import type { MailProvider } from '../notifications/port.ts';
import { MailRefused, openSendGrid, openSes } from './mail-services.ts';

/** RFC 5321 §4.2, RFC 3463. What the sender is refused for is a setting of ours; an address is proven wrong by 5.1.1 and its kin alone. */
export const SMTP_RULES: readonly Rule[] = [
  { code: /^(EAUTH|ENOAUTH|EOAUTH2|ECONFIG|ETLS)$/, outcome: 'misconfigured' },
  { status: [530, 535], outcome: 'misconfigured' },
  { status: [500, 599], code: 'sender', outcome: 'misconfigured' },
  { status: [500, 599], code: 'no_such_mailbox', outcome: 'drop' },
  { status: 421, outcome: 'retry', fault: true },
  { status: [400, 499], outcome: 'retry' }, // 450 and 451 are of greylisting: one mailbox, not the server.
  { status: [500, 599], outcome: 'fail' },
  { code: /^E(CONNECTION|TIMEDOUT|SOCKET|DNS|PROTOCOL|MAXLIMIT|PROXY)$/, outcome: 'retry', fault: true },
];

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors and CommonErrors. */
export const SES_RULES: readonly Rule[] = [
  { code: /^(TooManyRequests|Throttling|ThrottlingException|LimitExceeded|RequestThrottled)/, outcome: 'retry' },
  { code: /^(AccountSuspended|SendingPaused|MailFromDomainNotVerified|NotFound)Exception$/, outcome: 'misconfigured' },
  { code: /^(MessageRejected|BadRequestException|ValidationError)$/, outcome: 'fail' },
  { status: [401, 403], outcome: 'misconfigured' },
  { code: /^(CredentialsProviderError|AccessDenied.*|UnrecognizedClientException|ExpiredToken.*|SignatureDoesNotMatch|InvalidClientTokenId)$/, outcome: 'misconfigured' },
  { status: 429, outcome: 'retry' },
  { status: [500, 599], outcome: 'retry', fault: true },
  { status: [400, 499], outcome: 'fail' },
  { code: /^no_answer/, outcome: 'retry', fault: true },
];

/** https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/responses */
export const SENDGRID_RULES: readonly Rule[] = [
  { status: [401, 403], outcome: 'misconfigured' },
  { status: 429, outcome: 'retry' },
  { status: [500, 599], outcome: 'retry', fault: true },
  { status: [400, 499], outcome: 'fail' },
  { code: /^no_answer/, outcome: 'retry', fault: true },
];

/** Addresses that a server says do not exist (RFC 3463 §3.2), by the enhanced code, else by words of widely used servers. */
const NO_SUCH_MAILBOX = /\b5\.1\.(1|2|3|6|10)\b/;
const NO_SUCH_MAILBOX_WORDS = /(user|mailbox|recipient|address)\b.{0,40}\b(unknown|not found|does not exist|doesn't exist|no longer)|no such (user|mailbox|recipient)/i;

const CONNECTIONS = 5;
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 };

export interface MailOptions {
  /** `smtp://user:password@host:587`, `smtps://…`, `ses://region`, `sendgrid://key@api.sendgrid.com`. */
  url: string;
  /** `Name <address>` or an address. */
  from: string;
}

/** Mails by SMTP, Amazon SES or SendGrid. None of them knows idempotency; the Message-ID of a mail that went twice is the same. */
export async function openMail({ url, from }: MailOptions): Promise<MailProvider> {
  const { transporter, rules } = await open(new URL(url));
  const sender = senderOf(from);
  return {
    name: 'email',
    async send(address, { id, subject, text, html, unsubscribeUrl }) {
      if (!emailAddress.safeParse(address).success) return { kind: 'fail', reason: 'invalid_address' };
      try {
        const { messageId } = await transporter.sendMail({
          from: sender,
          // As an object: in a text, commas, quotes and line ends would name further recipients.
          to: { name: '', address },
          subject: oneLine(subject),
          text,
          ...(html === undefined ? {} : { html }),
          messageId: `<${id}@${sender.address.split('@')[1]}>`,
          headers: { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        return { kind: 'sent', id: messageId };
      } catch (error) {
        return classify(rules, answerOf(error as MailFault));
      }
    },
    close: () => transporter.close(),
  };
}

/** The sender as nodemailer takes it. @throws RangeError when it is no address */
export function senderOf(from: string): { name: string; address: string } {
  const [, name = '', address = from] = /^\s*"?([^"<>\r\n]*?)"?\s*<([^<>\s]+)>\s*$/.exec(from) ?? [];
  if (!emailAddress.safeParse(address).success) throw new RangeError('an address, or `Name <address>`');
  return { name, address };
}

async function open(url: URL): Promise<{ transporter: Transporter; rules: readonly Rule[] }> {
  switch (url.protocol) {
    case 'ses:':
      return { transporter: await openSes(url), rules: SES_RULES };
    case 'sendgrid:':
      return { transporter: openSendGrid(url), rules: SENDGRID_RULES };
    default: {
      const auth = url.username === '' ? {} : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } };
      const secure = url.protocol === 'smtps:';
      const port = url.port === '' ? {} : { port: Number(url.port) };
      const host = url.hostname.replace(/^\[|\]$/g, '');
      return { transporter: createTransport({ host, ...port, secure, ...auth, ...TIMEOUTS, pool: true, maxConnections: CONNECTIONS, maxRequeues: 0 }) as unknown as Transporter, rules: SMTP_RULES };
    }
  }
}

interface MailFault extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

function answerOf(error: MailFault): Answer {
  if (error instanceof MailRefused) return error.answer;
  const { code, responseCode: status, response = '', command = '' } = error;
  if (status === undefined) return { code: code ?? 'no_answer' };
  if (code === 'EAUTH') return { status, code };
  if (command === 'MAIL FROM') return { status, code: 'sender' };
  const unknown = NO_SUCH_MAILBOX.test(response) || ((status === 550 || status === 551) && NO_SUCH_MAILBOX_WORDS.test(response));
  return { status, code: unknown && command === 'RCPT TO' ? 'no_such_mailbox' : undefined };
}

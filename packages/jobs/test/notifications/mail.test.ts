import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMailApis, type FakeMailApis, type MailApiAnswer } from '../../../../test/support/services/mail-apis.ts';
import { startSmtp, type FakeSmtp } from '../../../../test/support/services/smtp.ts';
import { openMail } from '../../src/adapters/mail.ts';
import type { MailMessage, MailProvider, Outcome } from '../../src/notifications/port.ts';

const from = 'The Café <hello@example.com>';
const mail = (more: Partial<MailMessage> = {}): MailMessage => ({
  id: 'delivery-1',
  subject: 'Grüße',
  text: 'You have a message.',
  html: '<p>You have a message.</p>',
  unsubscribeUrl: 'https://example.com/api/v1/unsubscribe?token=abc',
  ...more,
});
const later = (reason: string, fault: boolean, afterMs?: number): Outcome => ({ kind: 'retry', reason, fault, afterMs });

describe('SMTP', () => {
  let smtp: FakeSmtp;
  let provider: MailProvider;
  beforeAll(async () => {
    smtp = await startSmtp();
    provider = await openMail({ url: smtp.url, from });
  });
  afterAll(async () => {
    await provider.close?.();
    await smtp.close();
  });
  beforeEach(() => {
    smtp.mails.length = 0;
    smtp.refuse = {};
  });

  const rows: [what: string, refuse: FakeSmtp['refuse'], outcome: Outcome][] = [
    ['no such mailbox, by the enhanced code', { recipient: () => ({ code: 550, message: '5.1.1 nobody here' }) }, { kind: 'drop', reason: 'no_such_mailbox' }],
    ['no such mailbox, by words', { recipient: () => ({ code: 550, message: 'No such user here' }) }, { kind: 'drop', reason: 'no_such_mailbox' }],
    ['a refusal for policy', { recipient: () => ({ code: 550, message: '5.7.1 you are on a list' }) }, { kind: 'fail', reason: 'status_550' }],
    ['a full mailbox', { recipient: () => ({ code: 552, message: '5.2.2 mailbox full' }) }, { kind: 'fail', reason: 'status_552' }],
    ['greylisting', { recipient: () => ({ code: 451, message: '4.7.1 try again later' }) }, later('status_451', false)],
    ['a mailbox that is busy', { recipient: () => ({ code: 450, message: '4.2.0 busy' }) }, later('status_450', false)],
    ['a server that goes down', { recipient: () => ({ code: 421, message: '4.3.2 going down' }) }, later('status_421', true)],
    ['a message that is refused as spam', { message: { code: 554, message: '5.7.1 spam' } }, { kind: 'fail', reason: 'status_554' }],
    ['a server out of room', { message: { code: 452, message: '4.3.1 out of storage' } }, later('status_452', false)],
    ['a sender that is not ours to use', { sender: { code: 553, message: '5.7.1 not your domain' } }, { kind: 'misconfigured', reason: 'sender' }],
    ['a wrong password', { login: { code: 535, message: '5.7.8 wrong' } }, { kind: 'misconfigured', reason: 'EAUTH' }],
  ];

  it.each(rows)('%s', async (_what, refuse, outcome) => {
    const own = await openMail({ url: smtp.url, from });
    smtp.refuse = refuse;
    expect(await own.send('anna@example.org', mail())).toEqual(outcome);
    await own.close?.();
  });

  it('tries later when nobody listens', async () => {
    const gone = await startSmtp();
    await gone.close();
    const own = await openMail({ url: gone.url, from });
    expect(await own.send('anna@example.org', mail())).toMatchObject({ kind: 'retry', fault: true });
    await own.close?.();
  });

  it('sends text and HTML with the headers of RFC 8058, over connections that are kept', async () => {
    const before = smtp.connections;
    for (let i = 0; i < 5; i++) expect(await provider.send('anna@example.org', mail())).toEqual({ kind: 'sent', id: '<delivery-1@example.com>' });
    const { raw, to, from: sender } = smtp.mails[0]!;
    expect([to, sender]).toEqual([['anna@example.org'], 'hello@example.com']);
    expect(raw.replaceAll('\r\n ', ' ')).toMatch(/^List-Unsubscribe: <https:\/\/example\.com\/api\/v1\/unsubscribe\?token=abc>\r$/m);
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    expect(raw).toMatch(/^Message-ID: <delivery-1@example\.com>\r$/m);
    expect(raw).toMatch(/text\/html/);
    expect(smtp.connections - before).toBeLessThanOrEqual(1);
  });

  it.each([
    'anna@example.org,eve@example.net', 'anna@example.org\r\nBcc: eve@example.net', 'Anna <anna@example.org>', '"a b"@example.org', 'anna@example.org ', 'anna', '@example.org', 'anna@localhost', '',
  ])('sends nothing to %j', async (address) => {
    expect(await provider.send(address, mail())).toEqual({ kind: 'fail', reason: 'invalid_address' });
    expect(smtp.mails).toEqual([]);
  });

  it('lets no subject add a header or a recipient', async () => {
    await provider.send('anna@example.org', mail({ subject: 'Hi\r\nBcc: eve@example.net\r\n\r\nbody\0', text: 'x\r\n.\r\nMAIL FROM:<eve@example.net>' }));
    const { raw, to } = smtp.mails[0]!;
    expect(to).toEqual(['anna@example.org']);
    expect(raw.split('\r\n\r\n')[0]).toMatch(/^Subject: Hi Bcc: eve@example\.net body\r?$/m);
    expect(raw.split('\r\n\r\n')[0]).not.toMatch(/^Bcc/im);
    expect(smtp.mails).toHaveLength(1);
  });

  it.each(['Name <no address>', 'a@b@c', '', 'x\r\nBcc: e@example.net <a@example.com>'])('does not start with the sender %j', async (wrong) => {
    await expect(openMail({ url: smtp.url, from: wrong })).rejects.toThrow(RangeError);
  });
});

describe('services', () => {
  let apis: FakeMailApis;
  let ses: MailProvider;
  let sendgrid: MailProvider;
  beforeAll(async () => {
    apis = await startMailApis();
    ses = await openMail({ url: `ses://KEY:SECRET@eu-west-1?endpoint=${apis.url}`, from });
    sendgrid = await openMail({ url: `sendgrid://SG.key@api.sendgrid.com?endpoint=${apis.url}`, from });
  });
  afterAll(async () => {
    await ses.close?.();
    await sendgrid.close?.();
    await apis.close();
  });
  beforeEach(() => {
    apis.received.length = 0;
    apis.answer = 'ok';
  });

  const sesRows: [what: string, answer: MailApiAnswer | 'reset', outcome: Outcome][] = [
    ['TooManyRequestsException', { status: 429, error: 'TooManyRequestsException', headers: { 'retry-after': '2' } }, later('TooManyRequestsException', false, 2_000)],
    ['ThrottlingException', { status: 400, error: 'ThrottlingException' }, later('ThrottlingException', false)],
    ['LimitExceededException', { status: 400, error: 'LimitExceededException' }, later('LimitExceededException', false)],
    ['AccountSuspendedException', { status: 400, error: 'AccountSuspendedException' }, { kind: 'misconfigured', reason: 'AccountSuspendedException' }],
    ['SendingPausedException', { status: 400, error: 'SendingPausedException' }, { kind: 'misconfigured', reason: 'SendingPausedException' }],
    ['MailFromDomainNotVerifiedException', { status: 400, error: 'MailFromDomainNotVerifiedException' }, { kind: 'misconfigured', reason: 'MailFromDomainNotVerifiedException' }],
    ['NotFoundException', { status: 404, error: 'NotFoundException' }, { kind: 'misconfigured', reason: 'NotFoundException' }],
    ['UnrecognizedClientException', { status: 403, error: 'UnrecognizedClientException' }, { kind: 'misconfigured', reason: 'UnrecognizedClientException' }],
    ['MessageRejected', { status: 400, error: 'MessageRejected' }, { kind: 'fail', reason: 'MessageRejected' }],
    ['BadRequestException', { status: 400, error: 'BadRequestException' }, { kind: 'fail', reason: 'BadRequestException' }],
    ['InternalFailure', { status: 500, error: 'InternalFailure' }, later('InternalFailure', true)],
    ['ServiceUnavailable', { status: 503, error: 'ServiceUnavailable' }, later('ServiceUnavailable', true)],
  ];
  it.each(sesRows)('SES: %s', async (_what, answer, outcome) => {
    apis.answer = answer;
    expect(await ses.send('anna@example.org', mail())).toEqual(outcome);
    expect(apis.received).toHaveLength(1);
  });

  it('SES: a lost connection', async () => {
    apis.answer = 'reset';
    expect(await ses.send('anna@example.org', mail())).toMatchObject({ kind: 'retry', fault: true });
    expect(apis.received).toHaveLength(1);
  });

  it('SES gets the whole message, signed', async () => {
    expect(await ses.send('anna@example.org', mail())).toMatchObject({ kind: 'sent' });
    const { body, authorization } = apis.received[0]!;
    expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=KEY\/\d+\/eu-west-1\/ses\//);
    expect(body['Destination']).toEqual({ ToAddresses: ['anna@example.org'] });
    expect(Buffer.from(body['Content'].Raw.Data, 'base64').toString()).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
  });

  const sendGridRows: [status: number, answer: Omit<MailApiAnswer, 'status'>, outcome: Outcome][] = [
    [400, {}, { kind: 'fail', reason: 'status_400' }],
    [401, {}, { kind: 'misconfigured', reason: 'status_401' }],
    [403, {}, { kind: 'misconfigured', reason: 'status_403' }],
    [404, {}, { kind: 'fail', reason: 'status_404' }],
    [413, {}, { kind: 'fail', reason: 'status_413' }],
    [429, { headers: { 'retry-after': '30' } }, later('status_429', false, 30_000)],
    [500, {}, later('status_500', true)],
    [503, {}, later('status_503', true)],
  ];
  it.each(sendGridRows)('SendGrid: %i', async (status, answer, outcome) => {
    apis.answer = { status, ...answer };
    expect(await sendgrid.send('anna@example.org', mail())).toEqual(outcome);
    expect(apis.received).toHaveLength(1);
  });

  it('SendGrid gets one recipient and the headers', async () => {
    expect(await sendgrid.send('anna@example.org', mail())).toMatchObject({ kind: 'sent' });
    expect(apis.received[0]).toMatchObject({
      path: '/v3/mail/send',
      authorization: 'Bearer SG.key',
      body: {
        personalizations: [{ to: [{ email: 'anna@example.org' }] }],
        from: { email: 'hello@example.com', name: 'The Café' },
        subject: 'Grüße',
        content: [{ type: 'text/plain', value: 'You have a message.' }, { type: 'text/html', value: '<p>You have a message.</p>' }],
        headers: { 'Message-ID': '<delivery-1@example.com>', 'List-Unsubscribe': '<https://example.com/api/v1/unsubscribe?token=abc>', 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
      },
    });
  });

  it('a service that cannot be reached is tried later', async () => {
    apis.answer = 'reset';
    expect(await sendgrid.send('anna@example.org', mail())).toMatchObject({ kind: 'retry', fault: true });
  });
});

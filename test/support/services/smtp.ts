/**
 * A real SMTP server (npm: smtp-server) on the loopback address that keeps what it is given. Beside what such a server does, a test
 * says which answers (RFC 5321, with the enhanced codes of RFC 3463) the sender, a recipient, the log-in or the message gets.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { SMTPServer as Server } from 'smtp-server';

const { SMTPServer } = createRequire(import.meta.url)('smtp-server') as { SMTPServer: typeof Server };

export interface SmtpRefusal {
  code: number;
  message: string;
}

export interface FakeSmtp {
  /** Mails that were taken: the envelope, and the message as it came. */
  mails: { from: string; to: string[]; raw: string }[];
  refuse: { login?: SmtpRefusal; sender?: SmtpRefusal; recipient?: (address: string) => SmtpRefusal | undefined; message?: SmtpRefusal };
  connections: number;
  /** With a log-in. */
  url: string;
  close(): Promise<void>;
}

export async function startSmtp(): Promise<FakeSmtp> {
  const error = ({ code, message }: SmtpRefusal): Error => Object.assign(new Error(message), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onConnect(_session, done) {
      fake.connections += 1;
      done();
    },
    onAuth: (_auth, _session, done) => (fake.refuse.login === undefined ? done(null, { user: 'test' }) : done(error(fake.refuse.login))),
    onMailFrom: (_address, _session, done) => (fake.refuse.sender === undefined ? done() : done(error(fake.refuse.sender))),
    onRcptTo({ address }, _session, done) {
      const refusal = fake.refuse.recipient?.(address);
      return refusal === undefined ? done() : done(error(refusal));
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (fake.refuse.message !== undefined) return done(error(fake.refuse.message));
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        fake.mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString() });
        return done();
      });
    },
  });
  server.on('error', () => undefined); // Of connections that their clients drop.
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  const fake: FakeSmtp = {
    mails: [],
    refuse: {},
    connections: 0,
    url: `smtp://user:password@127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return fake;
}

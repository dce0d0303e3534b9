import { sql } from 'drizzle-orm';
import { devMailbox, type Database } from '@armoricore/shared/db';
import { newId, type Log } from '@armoricore/shared/kernel';
import { addressOf } from '@armoricore/shared/notifications';
import type { MailProvider, PushProvider } from '../notifications/port.ts';

/** Messages that the mailbox holds; older ones make room. */
const MOST_MESSAGES = 200;

/**
 * Where there are no credentials, in development: what would have been sent goes to the log and to the local mailbox, which
 * `/dev/mailbox` shows.
 */
export function openDevMailbox(db: Database, log: Log): { push: PushProvider; email: MailProvider } {
  async function keep(kind: 'push' | 'email', recipient: string, message: object): Promise<{ kind: 'sent'; id: string }> {
    const id = newId();
    await db.insert(devMailbox).values({ id, kind, recipient, message: { ...message } });
    await db.execute(sql`DELETE FROM dev_mailbox WHERE id < (SELECT id FROM dev_mailbox ORDER BY id DESC OFFSET ${MOST_MESSAGES - 1} LIMIT 1)`);
    log.info({ kind, mailbox_id: id }, 'a notification went to the local mailbox');
    return { kind: 'sent', id };
  }
  return {
    push: {
      name: 'mailbox',
      send: ({ target }, message) => keep('push', `${target.platform} …${addressOf(target).slice(-12)}`, message),
    },
    email: { name: 'mailbox', send: (address, message) => keep('email', address, message) },
  };
}

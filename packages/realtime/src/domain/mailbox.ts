/** A message of the local mailbox: what would have been sent. */
export interface MailboxEntry {
  id: string;
  at: Date;
  kind: 'push' | 'email';
  recipient: string;
  message: Record<string, unknown>;
}

/** The local mailbox of development. */
export interface Mailbox {
  /** The newest first. */
  newest(limit: number): Promise<MailboxEntry[]>;
}

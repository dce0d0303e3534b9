/** Messages as the server tells them (docs/channels.md), and what changes them. Pure. */

export interface Reaction {
  emoji: string;
  count: number;
  /** The first 50 who reacted so. */
  userIds: readonly string[];
  mine: boolean;
}

/** As `message:new` and the reply to `message:send` have it. */
export interface NewMessage {
  id: string;
  /** 1, 2, 3 … in each conversation. */
  seq: number;
  senderId: string;
  content: string;
  replyTo: string | null;
  attachments: readonly Record<string, unknown>[];
  clientMessageId: string | null;
  createdAt: string;
}

/** As join replies and histories have it. */
export interface Message extends NewMessage {
  editedAt: string | null;
  revision: number;
  deletedAt: string | null;
  reactions: readonly Reaction[];
}

/** What is told of a message that was there before. */
export type Change =
  | { type: 'edited'; messageId: string; content: string; editedAt: string; revision: number }
  | { type: 'deleted'; messageId: string; deletedAt: string }
  | { type: 'reacted' | 'unreacted'; messageId: string; userId: string; emoji: string };

/** A server that lists users of a reaction stops here. */
const MOST_LISTED = 50;

export function freshMessage(message: NewMessage): Message {
  return { ...message, editedAt: null, revision: 0, deletedAt: null, reactions: [] };
}

/** The message after a change. What is told twice, or of an older revision, changes nothing; what is deleted stays so. */
export function applyChange(message: Message, change: Change, me: string): Message {
  if (message.deletedAt !== null) return message;
  switch (change.type) {
    case 'edited':
      if (change.revision <= message.revision) return message;
      return { ...message, content: change.content, editedAt: change.editedAt, revision: change.revision };
    case 'deleted':
      return { ...message, content: '', attachments: [], editedAt: null, reactions: [], deletedAt: change.deletedAt };
    case 'reacted':
      return { ...message, reactions: withReaction(message.reactions, change.emoji, change.userId, me) };
    case 'unreacted':
      return { ...message, reactions: withoutReaction(message.reactions, change.emoji, change.userId, me) };
  }
}

function withReaction(reactions: readonly Reaction[], emoji: string, userId: string, me: string): readonly Reaction[] {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  const mine = userId === me;
  if (known === undefined) return [...reactions, { emoji, count: 1, userIds: [userId], mine }];
  if (known.userIds.includes(userId) || (mine && known.mine)) return reactions;
  const userIds = known.userIds.length < MOST_LISTED ? [...known.userIds, userId] : known.userIds;
  return reactions.map((one) => (one === known ? { emoji, count: known.count + 1, userIds, mine: known.mine || mine } : one));
}

function withoutReaction(reactions: readonly Reaction[], emoji: string, userId: string, me: string): readonly Reaction[] {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if (known === undefined) return reactions;
  // Of more than are listed it is not known who: they are believed once each.
  const counted = known.userIds.includes(userId) || known.count > known.userIds.length;
  if (!counted || (userId === me && !known.mine)) return reactions;
  const count = known.count - 1;
  if (count === 0) return reactions.filter((one) => one !== known);
  const userIds = known.userIds.filter((id) => id !== userId);
  return reactions.map((one) => (one === known ? { emoji, count, userIds, mine: known.mine && userId !== me } : one));
}

/** Both lists as one, by `seq`, each message once. Of two states of a message the later one stays. */
export function mergeMessages(known: readonly Message[], page: readonly Message[]): readonly Message[] {
  const bySeq = new Map(known.map((message) => [message.seq, message]));
  for (const message of page) {
    const old = bySeq.get(message.seq);
    if (old === undefined || !isOlder(message, old)) bySeq.set(message.seq, message);
  }
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq);
}

function isOlder(message: Message, than: Message): boolean {
  return message.revision < than.revision || (than.deletedAt !== null && message.deletedAt === null);
}

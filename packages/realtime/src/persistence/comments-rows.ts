import { sql } from 'drizzle-orm';
import type { CommentView } from '../contracts/comments.ts';
import { iso } from './chat-rows.ts';

/** Columns of a comment `c`, as the driver gives them. */
export const COMMENT = sql.raw('c.id, c.seq, c.stream_id, c.user_id, c.content, c.client_comment_id, c.created_at');

export interface CommentColumns extends Record<string, unknown> {
  id: string;
  seq: string;
  stream_id: string;
  user_id: string;
  content: string;
  client_comment_id: string | null;
  created_at: string | Date;
}

export function commentOf(row: CommentColumns): CommentView {
  const { id, seq, stream_id, user_id, content, client_comment_id, created_at } = row;
  return { id, seq: Number(seq), stream_id, user_id, content, client_comment_id, created_at: iso(created_at) };
}

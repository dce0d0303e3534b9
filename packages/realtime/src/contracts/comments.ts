import { z } from 'zod';
import { defineChannel } from '../engine/contract.ts';
import { plainText, visibleText } from './text.ts';

/** Longest content of a comment, in characters as JavaScript counts them. */
export const MAX_COMMENT = 500;
/** Comments of a join reply, and of one page of the history at the most. */
export const COMMENTS_PAGE = 100;

export const streamId = z.string().min(1).max(128).regex(/^[A-Za-z0-9_.-]+$/);
const commentId = z.uuid().transform((id) => id.toLowerCase());
const content = visibleText(MAX_COMMENT);
const clientCommentId = plainText(128);

/** A comment as everything shows it. Its content is data, never HTML. */
export const commentView = z
  .object({
    id: z.string(),
    seq: z.number().int().describe('1, 2, 3 … in each stream.'),
    stream_id: z.string(),
    user_id: z.string(),
    content: z.string(),
    client_comment_id: z.string().nullable().describe("The author's own name for it."),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Comment' });
export type CommentView = z.infer<typeof commentView>;

export const commentsJoinReply = z.object({
  comments: z.array(commentView).describe('The last 100, oldest first.'),
  pinned: commentView.nullable(),
  slow_mode: z.number().int().describe('Least time between two comments of a user, in s; 0 for none.'),
  viewers: z.number().int().describe('Clients that have joined, this one included, on all nodes.'),
});
export type CommentsJoinReply = z.infer<typeof commentsJoinReply>;

const comments = z.object({ comments: z.array(commentView) });
const slowMode = z.object({ seconds: z.number().int().min(0).max(3_600) });

export const commentsContract = defineChannel({
  topic: 'comments:{stream_id}',
  join: { params: z.object({ batch: z.boolean().default(false) }), reply: commentsJoinReply },
  in: {
    'comment:send': {
      payload: z.object({ content, client_comment_id: clientCommentId.nullish().transform((id) => id ?? null) }),
      reply: z.object({ comment: commentView }),
    },
    'comment:delete': { payload: z.object({ comment_id: commentId }) },
    'comment:pin': { payload: z.object({ comment_id: commentId.nullable() }) },
    'comment:history': {
      payload: z.object({ before: commentId.optional(), limit: z.number().int().min(1).max(COMMENTS_PAGE).default(COMMENTS_PAGE) }),
      reply: comments,
    },
    slow_mode: { payload: slowMode },
  },
  out: {
    'comment:new': commentView,
    'comment:batch': comments,
    'comment:deleted': z.object({ comment_id: z.string(), seq: z.number().int(), user_id: z.string().describe('Who deleted it.') }),
    'comment:pinned': z.object({ comment: commentView.nullable() }),
    slow_mode: slowMode,
    viewers: { payload: z.object({ count: z.number().int() }), volatile: true },
    presence_state: z.custom<object>(),
    presence_diff: z.custom<object>(),
  },
  presence: z.object({ online_at: z.string() }),
});

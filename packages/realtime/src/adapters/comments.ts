import type { ConfigOf, commentsConfig } from '@armoricore/shared/config';
import type { Database } from '@armoricore/shared/db';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { createCommentsChannel } from '../channels/comments.ts';
import { createBatchWriter } from '../domain/batch-writer.ts';
import { createAudience } from '../domain/comments-audience.ts';
import { createCommentsService } from '../domain/comments.ts';
import { createRateLimiter } from '../domain/rate-limit.ts';
import type { Channel, PubSub } from '../engine/index.ts';
import { createCommentsLog } from '../persistence/comments-log.ts';
import { createCommentsRepository } from '../persistence/comments.ts';
import { withChatFeeds } from './chat-feeds.ts';
import { createViewerNetwork } from './comments-nodes.ts';
import { withCommentTopics } from './comments-topics.ts';

export interface CommentsOptions {
  db: Database;
  /** Between the nodes. */
  pubsub: PubSub;
  config: ConfigOf<{ comments: typeof commentsConfig }>['comments'];
  log: Log;
}

export interface Comments {
  /** For the endpoint: comments come in order, one by one or in windows. */
  pubsub: PubSub;
  channel: Channel<Identity>;
  /** What runs beside: the check of the feeds, and who watches. */
  services: Service[];
}

/** Puts the parts of the live comments together. */
export function openComments({ db, pubsub, config, log }: CommentsOptions): Comments {
  const repository = createCommentsRepository(db);
  const ordered = withChatFeeds(pubsub, {
    prefix: 'comments:',
    event: 'comment:new',
    readAfter: (streamId) => (seq) => repository.readAfter(streamId, seq),
    latestOf: repository.latestOf,
    onError: (thrown) => log.warn({ reason: describeError(thrown) }, 'missing comments could not be read; trying again'),
  });
  const topics = withCommentTopics(ordered.pubsub, config.COMMENTS_WINDOW_MS);
  const network = createViewerNetwork(pubsub);
  const audience = createAudience({ presenceMax: config.COMMENTS_PRESENCE_MAX, tellHere: topics.tellHere, tellNodes: network.tell });
  const writer = createBatchWriter({
    log: createCommentsLog(db),
    announce: (comment) => pubsub.publish({ topic: `comments:${comment.stream_id}`, event: 'comment:new', payload: comment }),
    what: 'a comment',
    logger: log,
  });
  return {
    pubsub: topics.pubsub,
    channel: createCommentsChannel({
      comments: createCommentsService({ repository, writer }),
      feeds: ordered.feeds,
      windowEnd: topics.windowEnd,
      audience,
      limiter: createRateLimiter(),
      commentsPerSecond: config.COMMENTS_PER_SECOND,
    }),
    services: [ordered.check, network.service(audience)],
  };
}

import type { ConfigOf, reelConfig } from '@armoricore/shared/config';
import type { Database } from '@armoricore/shared/db';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import type { Metrics } from '@armoricore/shared/ops';
import type { Identity } from '../auth/identity.ts';
import { createReelChannel } from '../channels/reel.ts';
import { createBatchWriter } from '../domain/batch-writer.ts';
import { createRateLimiter } from '../domain/rate-limit.ts';
import { createReelSweep } from '../domain/reel-sweep.ts';
import { createReelWindows } from '../domain/reel-windows.ts';
import { createReelService, type ReelService } from '../domain/reels.ts';
import type { Channel, PubSub } from '../engine/index.ts';
import { createReelLog } from '../persistence/reel-log.ts';
import { createReelRepository } from '../persistence/reels.ts';
import { openReelFeeds, protobufTopic } from './reel-feeds.ts';
import { createReelFigures } from './reel-figures.ts';
import { encodeReelUpdate } from './reel-protobuf.ts';

/** Drafts of one transaction: they are small, and many of them are of the same few reels. */
const BATCH_SIZE = 1_000;
/**
 * The part of a window that an update may wait to share a transaction with more; the first of a burst is written at once. The
 * rest of the window it may wait to share a frame.
 */
const SPACING = 1 / 5;
const MOST_SPACING_MS = 50;

export interface ReelsOptions {
  db: Database;
  /** Between the nodes. */
  pubsub: PubSub;
  config: ConfigOf<{ reels: typeof reelConfig }>['reels'];
  /** Reels are open when the configuration does not say. */
  development: boolean;
  metrics: Metrics;
  /** Clients of this node that listen on a topic. */
  membersOf: (topic: string) => number;
  log: Log;
}

export interface Reels {
  /** For the endpoint: updates come encoded as each client wants. */
  pubsub: PubSub;
  channel: Channel<Identity>;
  reels: ReelService;
  /** What runs beside: the check of the feeds, the sweep, and the windows, which are emptied at the end. */
  services: Service[];
}

/** Puts the parts of the reels together. */
export function openReels({ db, pubsub, config, development, metrics, membersOf, log }: ReelsOptions): Reels {
  const repository = createReelRepository(db);
  const network = openReelFeeds(pubsub, {
    countersOf: repository.countersOf,
    onError: (thrown) => log.warn({ reason: describeError(thrown) }, 'counters of reels could not be read; trying again'),
    figures: createReelFigures({ metrics, membersOf, dropped: () => windows.dropped }),
  });
  const spacingMs = Math.min(MOST_SPACING_MS, config.REEL_WINDOW_MS * SPACING);
  const windows = createReelWindows({ windowMs: config.REEL_WINDOW_MS - spacingMs, publish: network.publish });
  const writer = createBatchWriter({
    log: createReelLog(db),
    announce: ({ update }) => {
      if (update !== null) windows.add(update);
    },
    what: 'an interaction with a reel',
    logger: log,
    batchSize: BATCH_SIZE,
    spacingMs,
  });
  const reels = createReelService({ repository, writer, open: config.REEL_OPEN ?? development });
  return {
    pubsub: network.pubsub,
    channel: createReelChannel({
      reels,
      feeds: network.feeds,
      limiter: createRateLimiter(),
      interactionsPerSecond: config.REEL_INTERACTIONS_PER_SECOND,
      protobuf: { topicOf: protobufTopic, encode: encodeReelUpdate },
    }),
    reels,
    services: [network.check, createReelSweep({ prune: repository.prune, log }), { name: 'reel windows', stop: async () => windows.flush() }],
  };
}

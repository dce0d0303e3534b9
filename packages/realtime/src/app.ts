import { openBus } from '@armoricore/shared/bus';
import {
  analyticsConfig, authConfig, busConfig, chatConfig, commentsConfig, databaseConfig, httpConfig, keyConfig, mediaConfig, notificationConfig, opsConfig, processConfig, pubsubConfig, queueConfig, reelConfig, storageConfig, webrtcConfig, type ConfigOf,
} from '@armoricore/shared/config';
import { openDatabase } from '@armoricore/shared/db';
import { createBury } from '@armoricore/shared/dead-letters';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import { openKeyStore } from '@armoricore/shared/keys';
import { createMetrics, createMetricsAccess, observeBus, watchBus, watchDeadLetters, watchQueues } from '@armoricore/shared/ops';
import { createUrlSigner, openResumableUploads, openStorage } from '@armoricore/shared/storage';
import { openPubSub, pubsubService } from './adapters/pubsub/open.ts';
import { openAnalytics } from './adapters/analytics.ts';
import { openChat } from './adapters/chat.ts';
import { openComments } from './adapters/comments.ts';
import { openNotifications } from './adapters/notifications.ts';
import { openPresence } from './adapters/presence.ts';
import { queuesOnDemand } from './adapters/queues.ts';
import { openReels } from './adapters/reels.ts';
import { revocationNetwork } from './adapters/revocations.ts';
import { openStats } from './adapters/stats.ts';
import { loadTokenKeys } from './auth/configure.ts';
import { createUploadLocks } from './adapters/upload-locks.ts';
import { openWebrtc } from './adapters/webrtc.ts';
import { createUserSocket } from './auth/socket.ts';
import { createTokenVerifier, type TokenOptions } from './auth/tokens.ts';
import { createBridge } from './bridge/bridge.ts';
import { createMembershipBridge } from './bridge/membership.ts';
import { createModerationBridge } from './bridge/moderation.ts';
import { directMounts } from './channels/direct.ts';
import { createMediaChannel } from './channels/media.ts';
import { createSystemChannel } from './channels/system.ts';
import { createUserChannel } from './channels/user.ts';
import { createCaptionService } from './domain/captions.ts';
import { createAuditService } from './domain/audit.ts';
import { createDeadLetterService } from './domain/dead-letters.ts';
import { createJobService } from './domain/jobs.ts';
import { createMediaService } from './domain/media.ts';
import { createRateLimiter } from './domain/rate-limit.ts';
import { createRevocations } from './domain/revocations.ts';
import { discardMedia } from './domain/upload-discard.ts';
import { createUploadSweep } from './domain/upload-sweep.ts';
import { createUploadService } from './domain/uploads.ts';
import { createUsers } from './domain/users.ts';
import { Endpoint, mount } from './engine/index.ts';
import { createAuditRepository } from './persistence/audit.ts';
import { createDeadLetterRepository } from './persistence/dead-letters.ts';
import { createJobControl } from './persistence/jobs.ts';
import { createMediaRepository } from './persistence/media.ts';
import { createRevocationRepository } from './persistence/revocations.ts';
import { createExpiryRepository, createUploadRepository } from './persistence/uploads.ts';
import { createUserRepository } from './persistence/users.ts';
import { createHttpServer } from './rest/server.ts';

export const realtimeConfig = {
  process: processConfig,
  http: httpConfig,
  database: databaseConfig,
  bus: busConfig,
  pubsub: pubsubConfig,
  queues: queueConfig,
  auth: authConfig,
  analytics: analyticsConfig,
  chat: chatConfig,
  webrtc: webrtcConfig,
  comments: commentsConfig,
  reels: reelConfig,
  keys: keyConfig,
  storage: storageConfig,
  media: mediaConfig,
  notifications: { VAPID_PUBLIC_KEY: notificationConfig.VAPID_PUBLIC_KEY, NOTIFY_DEVICES_PER_USER: notificationConfig.NOTIFY_DEVICES_PER_USER },
  ops: opsConfig,
};
export type RealtimeConfig = ConfigOf<typeof realtimeConfig>;

export interface Realtime {
  services: Service[];
  /** Where the process listens, once started: `http://127.0.0.1:4000`. */
  url(): string;
}

/** The realtime process as a list of services: the only place that names adapters. */
export async function createRealtime(config: RealtimeConfig, log: Log): Promise<Realtime> {
  const { auth, http, storage: storageSettings } = config;
  const database = openDatabase(config.database.DATABASE_URL, { max: config.database.DATABASE_POOL, log });
  const keyStore = openKeyStore(config.keys, database.db, `node:${config.process.NODE_NAME}`);
  const tokenKeys = await loadTokenKeys(auth, { storedSecrets: keyStore ? () => keyStore.values('JWT_SECRET') : undefined, log }).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  const storage = await openStorage(storageSettings);
  const metrics = createMetrics(config.process.NODE_NAME);
  const bus = await openBus(config.bus, { database, bury: createBury(database.db, storage), log, observe: observeBus(metrics) });
  const { REDIS_URL, QUEUE_PREFIX } = config.queues;
  const queues = queuesOnDemand({ redisUrl: REDIS_URL, prefix: QUEUE_PREFIX, databaseUrl: config.database.DATABASE_URL, connections: 2, log });

  const mediaRepository = createMediaRepository(database.db);
  const media = createMediaService({ repository: mediaRepository, storage });
  const captions = createCaptionService({ repository: mediaRepository, publish: (event) => bus.publish(event), limiter: createRateLimiter() });
  const ttlS = config.media.MEDIA_UPLOAD_TTL_S;
  const resumable = await openResumableUploads(storageSettings, storage, { ttlS });
  const uploads = createUploadService({
    repository: createUploadRepository(database.db, bus),
    storage,
    resumable,
    maxUploadBytes: config.media.MEDIA_MAX_UPLOAD_BYTES,
    quotaBytes: config.media.MEDIA_QUOTA_BYTES,
    perUser: config.media.MEDIA_UPLOADS_PER_USER,
    ttlS,
  });
  const uploadSweep = createUploadSweep({
    repository: createExpiryRepository(database.db, bus),
    discard: (row) => discardMedia(row, { storage, resumable }),
    log,
  });
  const deadLetters = createDeadLetterService({ repository: createDeadLetterRepository(database.db, bus), storage, log });
  const pubsubUrl = config.pubsub.PUBSUB_URL ?? REDIS_URL ?? config.database.DATABASE_URL;
  const pubsub = await openPubSub({ url: pubsubUrl, namespace: config.bus.BUS_NAMESPACE, log });
  const revocations = createRevocations({ repository: createRevocationRepository(database.db, bus), log });
  const users = createUsers({ repository: createUserRepository(database.db), log });
  const audit = createAuditService(createAuditRepository(database.db));
  const claims = { issuer: auth.JWT_ISSUER, audience: auth.JWT_AUDIENCE };
  const verifyToken = createTokenVerifier({ ...claims, keys: tokenKeys.sources, isRevoked: revocations.isRevoked });
  const development = config.process.NODE_ENV === 'development';
  const chat = openChat({ db: database.db, bus, pubsub, config: config.chat, development, log });
  const comments = openComments({ db: database.db, pubsub: chat.pubsub, config: config.comments, log });
  const reels = openReels({ db: database.db, pubsub: comments.pubsub, config: config.reels, development, metrics, membersOf: (topic) => endpoint.membersOf(topic), log });
  const presence = openPresence({ db: database.db, bus, pubsub, socketsOf: (userId) => chat.online.socketsOf(userId, stats.others()), metrics, log });
  const analytics = openAnalytics({ db: database.db, bus, retentionDays: config.analytics.ANALYTICS_RETENTION_DAYS, log });
  const webrtc = openWebrtc({ db: database.db, bus, pubsub, config: config.webrtc, onlineAmong: chat.online.onlineAmong, admit: chat.admit, log });
  const channels = [createUserChannel(webrtc.calls), createMediaChannel(media), chat.channel, comments.channel, reels.channel, presence.channel, createSystemChannel(() => stats.recent()), ...webrtc.channels];
  const socket = createUserSocket({ verifyToken, channels, onConnect: users.seen });
  const endpoint = new Endpoint({
    pubsub: reels.pubsub,
    mounts: [...['/socket', '/ws'].map((path) => mount(path, socket, { bare: true, authToken: true })), ...directMounts(socket)],
    onCrash: (where, thrown) => log.error({ where, reason: describeError(thrown), err: thrown }, 'channel crashed'),
  });

  const groups = ['realtime', 'chat', 'jobs', 'notification-jobs', 'moderation-jobs', 'moderation', 'captions', 'analytics'];
  const stats = openStats({ node: config.process.NODE_NAME, endpoint, pubsub, usersHere: () => chat.online.here, bus, groups, db: database.db, queues: queues.open, metrics, log });
  watchBus(metrics, bus, groups);
  watchDeadLetters(metrics, database.db);
  watchQueues(metrics, queues.open);
  metrics.gauge({ name: 'pubsub_lost_broadcasts', help: 'Broadcasts of this node that did not reach the others.', labels: [], read: () => [{ labels: {}, value: pubsub.lost }] });

  const dependencies: Service[] = [
    database,
    { name: 'storage', ready: () => storage.ready() },
    { name: 'bus', ready: () => bus.ready(), stop: () => bus.close() },
    { name: 'queues', stop: () => queues.close() },
    pubsubService(pubsub, log),
  ];
  const server = await createHttpServer({
    endpoint,
    bus,
    storage,
    signer: createUrlSigner(storageSettings.SECRET_KEY_BASE),
    media,
    uploads,
    captions,
    resumable,
    uploadLocks: createUploadLocks(database),
    conversations: chat.conversations,
    calls: webrtc.calls,
    huddles: webrtc.huddles,
    reels: reels.reels,
    ...openNotifications({ db: database.db, config: config.notifications, secret: storageSettings.SECRET_KEY_BASE }),
    deadLetters,
    jobs: createJobService(createJobControl(database.db)),
    audit,
    users,
    userPresence: presence.userPresence,
    stats,
    analytics: analytics.analytics,
    revocations,
    channels,
    queues: queues.open,
    metrics,
    mayReadMetrics: createMetricsAccess(config.ops.METRICS_TOKEN),
    verifyToken,
    publicUrl: storageSettings.PUBLIC_URL,
    healthOf: dependencies,
    log,
    webDir: http.WEB_DIR,
    devTokens: config.process.NODE_ENV === 'development' ? devTokensOf(tokenKeys.secret, claims) : undefined,
  });
  let address = '';
  const listener: Service = {
    name: 'http',
    start: async () => {
      const where = { port: http.PORT, host: http.HOST, reusePort: http.REUSE_PORT }; // Node's own option, which Fastify hands on.
      address = await server.listen(where);
      log.info({ address }, 'listening');
    },
    stop: async () => {
      await endpoint.drain();
      await server.close();
    },
  };
  const revoking = revocations.service(revocationNetwork(pubsub, endpoint));
  const bridge = createBridge(bus, endpoint, { onUserRevoked: revocations.onUserRevoked });
  const membership = createMembershipBridge(bus, chat.conversations, endpoint);
  const moderation = createModerationBridge(bus, chat.moderate, endpoint);
  return { services: [...dependencies, tokenKeys.service, revoking, users.service, bridge, membership, moderation, ...chat.services, ...comments.services, ...reels.services, ...webrtc.services, ...presence.services, ...analytics.services, stats.service, uploadSweep, listener], url: () => address };
}

function devTokensOf(secret: string | undefined, claims: Omit<TokenOptions, 'secret'>): TokenOptions | undefined {
  return secret === undefined ? undefined : { secret, ...claims };
}

import type { Bus } from '@armoricore/shared/bus';
import type { Log, Service } from '@armoricore/shared/kernel';
import type { UnsubscribeSigner } from '@armoricore/shared/notifications';
import type { QueueStore } from '@armoricore/shared/queues';
import type { ResumableUploads, Storage, UrlSigner } from '@armoricore/shared/storage';
import cors from '@fastify/cors';
import { fastify, type FastifyInstance } from 'fastify';
import { createServer } from 'node:http';
import type { TokenOptions, VerifyToken } from '../auth/tokens.ts';
import type { Analytics } from '../domain/analytics.ts';
import type { AuditService } from '../domain/audit.ts';
import type { CaptionService } from '../domain/captions.ts';
import type { ConversationService } from '../domain/conversations.ts';
import type { DeadLetterService } from '../domain/dead-letters.ts';
import type { DeviceService } from '../domain/devices.ts';
import type { JobService } from '../domain/jobs.ts';
import type { Mailbox } from '../domain/mailbox.ts';
import type { MediaService } from '../domain/media.ts';
import type { NotificationLog } from '../domain/notification-log.ts';
import type { NotificationSettingsService } from '../domain/notification-settings.ts';
import type { ReelService } from '../domain/reels.ts';
import type { Revocations } from '../domain/revocations.ts';
import type { SystemStatsService } from '../domain/stats.ts';
import type { UploadService } from '../domain/uploads.ts';
import type { UserPresenceService } from '../domain/user-presence.ts';
import type { Users } from '../domain/users.ts';
import type { CallService } from '../domain/calls.ts';
import type { HuddleService } from '../domain/huddles.ts';
import type { Channel, Endpoint } from '../engine/index.ts';
import { adminRoutes } from './admin/index.ts';
import { analyticsRoutes } from './analytics.ts';
import { auditRoutes } from './audit.ts';
import { createAuthenticate, useAccess } from './authenticate.ts';
import { conversationRoutes } from './conversations.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { devMailboxRoutes } from './dev-mailbox.ts';
import { devSessionRoutes } from './dev-session.ts';
import { deviceRoutes } from './devices.ts';
import { useErrorReplies } from './errors.ts';
import { eventRoutes } from './events.ts';
import { fileRoutes } from './files.ts';
import { healthRoutes } from './health.ts';
import { jobRoutes } from './jobs.ts';
import { captionRoutes } from './captions.ts';
import { mediaRoutes } from './media.ts';
import { metricsRoutes, type MetricsDependencies } from './metrics.ts';
import { notificationRoutes } from './notifications.ts';
import { openapiRoutes } from './openapi/index.ts';
import { preferenceRoutes } from './preferences.ts';
import { presenceRoutes } from './presence.ts';
import { pageRoutes } from './page.ts';
import { callRoutes } from './calls.ts';
import { huddleRoutes } from './huddles.ts';
import { reelRoutes } from './reels.ts';
import { useSchemas } from './route.ts';
import { systemRoutes } from './system.ts';
import { templateRoutes } from './templates.ts';
import { tokenRoutes } from './tokens.ts';
import { topicRoutes } from './topics.ts';
import { tusRoutes, type TusDependencies } from './tus.ts';
import { unsubscribeRoutes } from './unsubscribe.ts';
import { uploadRoutes } from './uploads.ts';
import { userRoutes } from './users.ts';

export interface HttpDependencies extends MetricsDependencies {
  endpoint: Endpoint;
  bus: Bus;
  storage: Storage;
  signer: UrlSigner;
  media: MediaService;
  uploads: UploadService;
  captions: CaptionService;
  resumable: ResumableUploads;
  uploadLocks: TusDependencies['uploadLocks'];
  conversations: ConversationService;
  reels: ReelService;
  calls: CallService;
  huddles: HuddleService;
  devices: DeviceService;
  notificationSettings: NotificationSettingsService;
  notificationLog: NotificationLog;
  unsubscribeSigner: UnsubscribeSigner;
  mailbox: Mailbox;
  deadLetters: DeadLetterService;
  jobs: JobService;
  audit: AuditService;
  users: Users;
  userPresence: UserPresenceService;
  stats: SystemStatsService;
  analytics: Analytics;
  revocations: Revocations;
  /** Those of the socket. */
  channels: readonly Pick<Channel<never>, 'match'>[];
  /** Opens the job queues. */
  queues: () => Promise<QueueStore>;
  verifyToken: VerifyToken;
  /** Where clients reach us. */
  publicUrl: string;
  healthOf: readonly Service[];
  log: Log;
  webDir?: string | undefined;
  /** Set in development alone: then the page may ask for a token. */
  devTokens?: TokenOptions | undefined;
}

/** A client must send its request line and headers within this time, in ms. */
const HEADERS_TIMEOUT_MS = 15_000;
/** How often Node looks for such clients, in ms. */
const HEADERS_CHECK_MS = 5_000;

/** One HTTP server: sockets go to the engine's endpoint, all else to the routes. */
export async function createHttpServer(dependencies: HttpDependencies): Promise<FastifyInstance> {
  const { endpoint, log, webDir, devTokens } = dependencies;
  const app = useSchemas(
    fastify({
      serverFactory: (handler) =>
        createServer({ headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: HEADERS_CHECK_MS, requestTimeout: 0 }, (request, response) => {
          if (!endpoint.handleRequest(request, response)) handler(request, response);
        }),
      forceCloseConnections: true,
      routerOptions: { maxParamLength: 512 },
    }),
  );
  app.server.on('upgrade', (request, socket, head) => {
    if (endpoint.handleUpgrade(request, socket, head)) return;
    // Its client may reset it: nobody else listens to the errors of an upgraded socket.
    socket.on('error', () => socket.destroy());
    socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', () => socket.destroy());
  });
  useErrorReplies(app, log);
  useAccess(app, createAuthenticate(dependencies.verifyToken));
  await openapiRoutes(app);
  healthRoutes(app, dependencies.healthOf, log);
  metricsRoutes(app, dependencies);

  // Any origin may call: tokens and signatures are sent on purpose, never by the browser on its own.
  const openToAllOrigins = { origin: '*', methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'], exposedHeaders: ['content-range', 'etag'] };
  await app.register(
    async (api) => {
      await api.register(cors, openToAllOrigins);
      eventRoutes(api, dependencies);
      mediaRoutes(api, dependencies);
      captionRoutes(api, dependencies);
      conversationRoutes(api, dependencies);
      reelRoutes(api, dependencies);
      callRoutes(api, dependencies);
      huddleRoutes(api, dependencies);
      deviceRoutes(api, dependencies);
      preferenceRoutes(api, dependencies);
      templateRoutes(api, dependencies);
      notificationRoutes(api, dependencies);
      await api.register(async (mails) => unsubscribeRoutes(mails, dependencies));
      deadLetterRoutes(api, dependencies);
      jobRoutes(api, dependencies);
      auditRoutes(api, dependencies);
      userRoutes(api, dependencies);
      tokenRoutes(api, dependencies);
      topicRoutes(api, dependencies);
      presenceRoutes(api, dependencies);
      systemRoutes(api, dependencies);
      analyticsRoutes(api, dependencies);
    },
    { prefix: '/api/v1' },
  );
  await app.register(async (objects) => {
    await objects.register(cors, openToAllOrigins);
    uploadRoutes(objects, dependencies);
    fileRoutes(objects, dependencies);
  });
  await app.register(async (tus) => tusRoutes(tus, dependencies));
  await app.register((admin) => adminRoutes(admin, dependencies));
  if (devTokens !== undefined) devSessionRoutes(app, devTokens);
  if (devTokens !== undefined) devMailboxRoutes(app, dependencies);
  if (webDir !== undefined) await pageRoutes(app, { webDir });
  return app;
}

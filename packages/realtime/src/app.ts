import { openBus } from '@armoricore/shared/bus';
import { authConfig, busConfig, databaseConfig, httpConfig, mediaConfig, processConfig, storageConfig, type ConfigOf } from '@armoricore/shared/config';
import { openDatabase } from '@armoricore/shared/db';
import { describeError, type Log, type Service } from '@armoricore/shared/kernel';
import { createUrlSigner, openStorage } from '@armoricore/shared/storage';
import { createUserSocket } from './auth/socket.ts';
import { createTokenVerifier } from './auth/tokens.ts';
import { createBridge } from './bridge/bridge.ts';
import { createMediaChannel } from './channels/media.ts';
import { userChannel } from './channels/user.ts';
import { createMediaService } from './domain/media.ts';
import { Endpoint, mount } from './engine/index.ts';
import { createMediaRepository } from './persistence/media.ts';
import { createHttpServer } from './rest/server.ts';

export const realtimeConfig = {
  process: processConfig,
  http: httpConfig,
  database: databaseConfig,
  bus: busConfig,
  auth: authConfig,
  storage: storageConfig,
  media: mediaConfig,
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
  const bus = await openBus(config.bus, { database, log });
  const storage = await openStorage(storageSettings);

  const media = createMediaService({
    repository: createMediaRepository(database.db, bus),
    storage,
    maxUploadBytes: config.media.MEDIA_MAX_UPLOAD_BYTES,
  });
  const tokens = { secret: auth.JWT_SECRET, issuer: auth.JWT_ISSUER, audience: auth.JWT_AUDIENCE };
  const verifyToken = createTokenVerifier(tokens);
  const socket = createUserSocket(verifyToken, [userChannel, createMediaChannel(media)]);
  const endpoint = new Endpoint({
    mounts: ['/socket', '/ws'].map((path) => mount(path, socket, { bare: true, authToken: true })),
    onCrash: (where, thrown) => log.error({ where, reason: describeError(thrown), err: thrown }, 'channel crashed'),
  });

  const dependencies: Service[] = [
    database,
    { name: 'storage', ready: () => storage.ready() },
    { name: 'bus', ready: () => bus.ready(), stop: () => bus.close() },
  ];
  const server = await createHttpServer({
    endpoint,
    bus,
    storage,
    signer: createUrlSigner(storageSettings.SECRET_KEY_BASE),
    media,
    verifyToken,
    healthOf: dependencies,
    log,
    webDir: http.WEB_DIR,
    devTokens: config.process.NODE_ENV === 'development' ? tokens : undefined,
  });
  let address = '';
  const listener: Service = {
    name: 'http',
    start: async () => {
      address = await server.listen({ port: http.PORT, host: http.HOST });
      log.info({ address }, 'listening');
    },
    stop: async () => {
      await endpoint.drain();
      await server.close();
    },
  };
  return { services: [...dependencies, createBridge(bus, endpoint), listener], url: () => address };
}

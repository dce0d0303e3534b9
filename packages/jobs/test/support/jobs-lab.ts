import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asc, eq } from 'drizzle-orm';
import type { Bus } from '@armoricore/shared/bus';
import { loadConfig } from '@armoricore/shared/config';
import { events, media, openDatabase, renditions, type DatabaseHandle, type MediaRow, type RenditionRow } from '@armoricore/shared/db';
import { createEvent, type BusEvent, type EventType } from '@armoricore/shared/events';
import { newId, silentLog, startServices } from '@armoricore/shared/kernel';
import { openStorage, type Storage } from '@armoricore/shared/storage';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createApp, jobsConfig } from '../../src/app.ts';
import { openTestBus } from '../../../../test/support/bus.ts';

export interface JobsLab {
  /** What the process was started with, for others that join it. */
  environment: Readonly<Record<string, string>>;
  database: DatabaseHandle;
  bus: Bus;
  storage: Storage;
  /** For inputs of tests; gone after `close`. */
  workDir: string;
  /** Stores bytes as a source and publishes `media.uploaded` for them; returns the id of the media. */
  upload(bytes: Uint8Array): Promise<string>;
  /** Publishes `media.uploaded` for any path. */
  announce(mediaId: string, filePath: string, userId?: string): Promise<void>;
  eventsOf<T extends EventType>(mediaId: string, type: T): Promise<BusEvent<T>[]>;
  /** Waits for the end of a media and returns its result events. */
  ended(mediaId: string, timeoutMs?: number): Promise<BusEvent<'media.ready' | 'media.failed'>[]>;
  row(mediaId: string): Promise<MediaRow | undefined>;
  renditionsOf(mediaId: string): Promise<RenditionRow[]>;
  text(key: string): Promise<string>;
  /** A path of the object outside the storage, for tools. */
  pathOf(key: string): string;
  scratchEntries(): Promise<string[]>;
  close(): Promise<void>;
}

/** The whole jobs process, in this process, on a database and a storage of its own. */
export async function startJobsLab(settings: Record<string, string> = {}): Promise<JobsLab> {
  const { url, drop } = await createTestDatabase();
  const home = await mkdtemp(join(tmpdir(), 'jobs-test-'));
  const [objects, scratch, workDir] = ['objects', 'scratch', 'work'].map((name) => join(home, name)) as [string, string, string];
  await mkdir(workDir);
  const environment: Record<string, string> = {
    DATABASE_URL: url,
    JOBS_PORT: '0',
    STORAGE_DIR: objects,
    SCRATCH_DIR: scratch,
    SECRET_KEY_BASE: 'x'.repeat(32),
    MEDIA_CONCURRENCY: '2',
    MEDIA_PRESET: 'ultrafast',
    ...settings,
  };
  const config = loadConfig(jobsConfig, environment);
  const running = await startServices(await createApp(config, silentLog), { log: silentLog });
  const database = openDatabase(url, { max: 3, log: silentLog });
  const { db } = database;
  const bus = await openTestBus(database);
  const storage = await openStorage(config.storage);

  async function eventsOf<T extends EventType>(mediaId: string, type: T): Promise<BusEvent<T>[]> {
    const rows = await db.select().from(events).where(eq(events.eventType, type)).orderBy(asc(events.seq));
    return rows.map(({ event }) => event as BusEvent<T>).filter(({ payload }) => (payload as { media_id: string }).media_id === mediaId);
  }

  async function announce(mediaId: string, filePath: string, userId = 'u1'): Promise<void> {
    const payload = { media_id: mediaId, user_id: userId, file_path: filePath, metadata: { from: 'test' } };
    await bus.publish(createEvent('media.uploaded', payload, { source: 'backend' }));
  }

  return {
    environment,
    database,
    bus,
    storage,
    workDir,
    announce,
    eventsOf,
    async upload(bytes) {
      const id = newId();
      const key = `uploads/${id}`;
      await storage.put(key, bytes, { contentType: 'application/octet-stream' });
      await announce(id, `file:///${key}`);
      return id;
    },
    ended: (mediaId, timeoutMs = 25_000) =>
      waitFor(
        async () => {
          const found = [...(await eventsOf(mediaId, 'media.ready')), ...(await eventsOf(mediaId, 'media.failed'))];
          return found.length > 0 && found;
        },
        { what: 'the end of the media', timeoutMs, intervalMs: 50 },
      ),
    row: async (mediaId) => (await db.select().from(media).where(eq(media.id, mediaId)))[0],
    renditionsOf: (mediaId) => db.select().from(renditions).where(eq(renditions.mediaId, mediaId)),
    text: (key) => readFile(join(objects, key), 'utf8'),
    pathOf: (key) => join(objects, key),
    scratchEntries: () => readdir(scratch),
    async close() {
      await running.stop();
      await bus.close();
      await database.stop();
      await drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Joins an initialisation segment and a media segment to a file that tools can read. */
export async function joinSegment(lab: JobsLab, initKey: string, segmentKey: string): Promise<string> {
  const file = join(lab.workDir, `${newId()}.mp4`);
  await writeFile(file, Buffer.concat([await readFile(lab.pathOf(initKey)), await readFile(lab.pathOf(segmentKey))]));
  return file;
}

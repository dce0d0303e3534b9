import { availableParallelism, hostname } from 'node:os';
import { choice, integer, optional, text, url } from './setting.ts';

const GiB = 1024 ** 3;

/** What every process reads. */
export const processConfig = {
  NODE_ENV: choice(['development', 'production', 'test'], { default: 'development', doc: 'The kind of environment.' }),
  NODE_NAME: text({ default: hostname(), doc: 'Name of this node in logs, metrics and presence.' }),
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'], { default: 'info', doc: 'Least level that is logged.' }),
  STOP_GRACE_MS: integer({ default: 10_000, min: 100, max: 3_600_000, doc: 'How long each part of a process may take to stop, in ms.' }),
};

export const httpConfig = {
  PORT: integer({ default: 4000, min: 0, max: 65_535, doc: 'Port of HTTP and WebSocket; 0 picks a free one.' }),
  HOST: text({ default: '127.0.0.1', doc: 'Address to listen on; 0.0.0.0 for all.' }),
  WEB_DIR: optional(text({ doc: 'Folder of the built pages; without it there is no page at /.' })),
};

export const databaseConfig = {
  DATABASE_URL: url(['postgres', 'postgresql'], { secret: true, doc: 'PostgreSQL: tables, and queues and bus where no other is named.' }),
  DATABASE_POOL: integer({ default: 10, min: 1, max: 1000, doc: 'Most connections of one process for tables.' }),
};

export const busConfig = {
  BUS_URL: optional(
    url(['postgres', 'postgresql'], { aliases: ['MESSAGE_BUS_URL'], secret: true, doc: 'The message bus; DATABASE_URL when not set.' }),
  ),
};

export const authConfig = {
  JWT_SECRET: text({ minLength: 32, secret: true, doc: 'HS256 key of the tokens that users and backends present.' }),
  JWT_ISSUER: optional(text({ doc: 'When set, tokens need this `iss`.' })),
  JWT_AUDIENCE: optional(text({ doc: 'When set, tokens need this `aud`.' })),
};

export const storageConfig = {
  STORAGE_DIR: text({ default: './.data/objects', doc: 'Folder of the embedded object storage.' }),
  SECRET_KEY_BASE: text({ minLength: 32, secret: true, doc: 'Signs the URLs of uploads and of media files.' }),
  PUBLIC_URL: url(['http', 'https'], { default: 'http://localhost:4000', doc: 'Where clients reach the realtime process.' }),
  CDN_BASE_URL: optional(url(['http', 'https'], { doc: 'When set, media URLs start with it and carry no signature.' })),
  PLAYBACK_URL_TTL_S: integer({ default: 86_400, min: 60, max: 604_800, doc: 'How long the URLs of private media work, in s.' }),
};

export const mediaConfig = {
  MEDIA_MAX_UPLOAD_BYTES: integer({ default: 10 * GiB, min: 1, max: 1024 * GiB, doc: 'Largest upload, in bytes.' }),
  MEDIA_MAX_DURATION_S: integer({ default: 4 * 3600, min: 1, max: 86_400, doc: 'Longest media, in s.' }),
  MEDIA_CONCURRENCY: integer({
    default: Math.max(1, Math.floor(availableParallelism() / 2)),
    min: 1,
    max: 64,
    doc: 'Media jobs that one jobs process runs at once.',
  }),
  MEDIA_TIME_LIMIT_S: integer({ default: 4 * 3600, min: 1, max: 86_400, doc: 'Longest run of one media job, in s.' }),
  SCRATCH_DIR: text({ default: './.data/scratch', doc: 'Folder for the working files of jobs.' }),
  MEDIA_PRESET: choice(['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium'], {
    default: 'veryfast',
    doc: 'x264 preset: slower means smaller files.',
  }),
};

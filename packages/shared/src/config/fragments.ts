import { availableParallelism, hostname } from 'node:os';
import { choice, flag, integer, optional, text, url } from './setting.ts';

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
  REUSE_PORT: flag({ default: false, doc: 'Several processes of a machine share the port; the system spreads connections (SO_REUSEPORT).' }),
  WEB_DIR: optional(text({ doc: 'Folder of the built pages; without it there is no page at /.' })),
};

export const databaseConfig = {
  DATABASE_URL: url(['postgres', 'postgresql'], { secret: true, doc: 'PostgreSQL: tables, and queues and bus where no other is named.' }),
  DATABASE_POOL: integer({ default: 10, min: 1, max: 1000, doc: 'Most connections of one process for tables.' }),
};

export const busConfig = {
  BUS_URL: optional(
    url(['postgres', 'postgresql', 'redis', 'rediss', 'nats', 'tls', 'amqp', 'amqps'], {
      aliases: ['MESSAGE_BUS_URL'],
      secret: true,
      doc: 'The message bus: PostgreSQL, Redis, NATS (`tls://` with TLS) or RabbitMQ; DATABASE_URL when not set.',
    }),
  ),
  BUS_NAMESPACE: text({ default: 'armoricore', pattern: /^[a-z][a-z0-9_-]{0,31}$/, doc: 'Begins the names of streams, subjects and queues in a broker.' }),
};

export const queueConfig = {
  REDIS_URL: optional(url(['redis', 'rediss'], { secret: true, doc: 'Redis for the job queues; they are in DATABASE_URL when not set.' })),
  QUEUE_PREFIX: text({ default: 'armoricore', pattern: /^[a-z][a-z0-9_-]{0,31}$/, doc: 'Begins the names of the queues in Redis.' }),
};

/** What the workers read; the queue's name is in the variable's. */
export const workerConfig = {
  QUEUE_MEDIA_CONCURRENCY: integer({
    default: Math.max(1, Math.floor(availableParallelism() / 2)),
    min: 1,
    max: 64,
    aliases: ['MEDIA_CONCURRENCY'],
    doc: 'Media jobs that one jobs process runs at once.',
  }),
  QUEUE_MEDIA_PER_SECOND: optional(
    integer({ min: 1, max: 100_000, doc: 'Most media jobs that all processes together begin in a second; no limit when not set.' }),
  ),
};

/** The workers of captions and moderation. */
export const speechWorkerConfig = {
  QUEUE_CAPTION_CONCURRENCY: integer({ default: 1, min: 1, max: 64, doc: 'Caption jobs that one jobs process runs at once.' }),
  QUEUE_MODERATION_CONCURRENCY: integer({ default: 8, min: 1, max: 256, doc: 'Chat messages that one jobs process looks at at once.' }),
  QUEUE_MODERATION_PER_SECOND: optional(
    integer({ min: 1, max: 100_000, doc: 'Most chat messages that all processes together begin to look at in a second; no limit when not set.' }),
  ),
};

/** How the realtime nodes reach each other. */
export const pubsubConfig = {
  PUBSUB_URL: optional(
    url(['postgres', 'postgresql', 'redis', 'rediss', 'nats', 'tls'], {
      secret: true,
      doc: 'Carries broadcasts between nodes: PostgreSQL, Redis or NATS (`tls://` with TLS); REDIS_URL when not set, else DATABASE_URL.',
    }),
  ),
};

/** The key store; without a master key there is none. */
export const keyConfig = {
  MASTER_KEY: optional(text({ secret: true, doc: 'Master key of the key store: base64 of 32 random bytes.' })),
  MASTER_KEY_FILE: optional(text({ doc: 'File that holds the master key, when MASTER_KEY is not set.' })),
};

export const authConfig = {
  JWT_SECRET: optional(text({ minLength: 32, secret: true, doc: 'HS256 key of tokens; from the key store when not set.' })),
  JWT_PUBLIC_KEY: optional(text({ doc: 'Public key of tokens of RS256, ES256 or EdDSA: PEM (line ends may be written as `\\n`), or `@` and the path of a file.' })),
  JWKS_URL: optional(url(['http', 'https'], { doc: 'Where the public keys of tokens are published (JWKS); without TLS on a loopback address alone.' })),
  JWT_ISSUER: optional(text({ doc: 'When set, tokens need this `iss`.' })),
  JWT_AUDIENCE: optional(text({ doc: 'When set, tokens need this `aud`.' })),
};

export const chatConfig = {
  CHAT_OPEN_ROOMS: optional(
    flag({ doc: 'Whether the first who joins a conversation that does not exist makes it, for everyone; as it is in development alone when not set.' }),
  ),
  CHAT_MESSAGES_PER_SECOND: integer({ default: 20, min: 1, max: 10_000, doc: 'Messages that a user may send to one conversation in a second, in the long run.' }),
  CHAT_NOTIFY_DELAY_MS: integer({ default: 5_000, min: 100, max: 3_600_000, doc: 'How long after a message members without a socket, who have not read it, are notified, in ms.' }),
};

export const commentsConfig = {
  COMMENTS_PER_SECOND: integer({ default: 5, min: 1, max: 10_000, doc: 'Comments that a user may send to one stream in a second, in the long run.' }),
  COMMENTS_WINDOW_MS: integer({ default: 50, min: 5, max: 1_000, doc: 'Comments of so long reach a client that joined with `batch` as one frame, in ms.' }),
  COMMENTS_PRESENCE_MAX: integer({ default: 200, min: 0, max: 10_000, doc: 'Viewers of a stream up to whom each is shown by presence; of more their number is.' }),
};

export const reelConfig = {
  REEL_OPEN: optional(flag({ doc: 'Whether the first who joins a reel that does not exist makes it; as it is in development alone when not set.' })),
  REEL_WINDOW_MS: integer({ default: 250, min: 0, max: 10_000, doc: 'Updates of a reel of so long reach its clients merged, as one frame, in ms; 0 for each by itself.' }),
  REEL_INTERACTIONS_PER_SECOND: integer({ default: 20, min: 1, max: 10_000, doc: 'Interactions of each kind that a user may have with one reel in a second, in the long run.' }),
};

export const analyticsConfig = {
  ANALYTICS_RETENTION_DAYS: integer({ default: 90, min: 8, max: 3_650, doc: 'How long the events behind the daily figures are kept, in days; the figures themselves stay.' }),
};

/** Addresses of ICE servers (RFC 7064, RFC 7065), parted by commas. */
const STUN_URLS = /^stuns?:[^\s,]+(,stuns?:[^\s,]+)*$/;
const TURN_URLS = /^turns?:[^\s,]+(,turns?:[^\s,]+)*$/;

/** Calls and huddles. */
export const webrtcConfig = {
  STUN_SERVER_URL: text({ default: 'stun:stun.l.google.com:19302', pattern: STUN_URLS, doc: 'STUN servers of calls, parted by commas.' }),
  TURN_SERVER_URL: optional(text({ pattern: TURN_URLS, doc: 'TURN servers of calls, parted by commas; none when not set.' })),
  TURN_SECRET: optional(text({ secret: true, doc: 'Secret shared with the TURN servers: clients get credentials of their own, which end.' })),
  TURN_TTL_S: integer({ default: 86_400, min: 60, max: 604_800, doc: 'How long those credentials work, in s.' }),
  TURN_USERNAME: optional(text({ doc: 'Name at the TURN servers, when TURN_SECRET is not set; every client gets it.' })),
  TURN_CREDENTIAL: optional(text({ secret: true, doc: 'Password of that name.' })),
  CALL_RING_MS: integer({ default: 45_000, min: 100, max: 600_000, doc: 'How long a call rings, in ms.' }),
  CALL_GRACE_MS: integer({ default: 15_000, min: 300, max: 600_000, doc: 'How long a party of a call that lost its socket may take to come back, in ms.' }),
  CALL_REQUIRE_CONVERSATION: flag({ default: false, doc: 'Whether users may call only those that they are in a conversation with.' }),
  HUDDLE_GRACE_MS: integer({ default: 15_000, min: 300, max: 600_000, doc: 'How long a participant of a huddle that lost its socket may take to come back, in ms.' }),
  HUDDLE_MAX_PARTICIPANTS: integer({ default: 50, min: 2, max: 100, doc: 'Most participants of a huddle, and what one is made for that does not say.' }),
};

export const storageConfig = {
  STORAGE_DIR: text({ default: './.data/objects', doc: 'Folder of the embedded object storage, which is used when S3_BUCKET is not set.' }),
  S3_BUCKET: optional(
    text({ pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/, aliases: ['OBJECT_STORAGE_BUCKET'], doc: 'When set, objects are kept in this bucket.' }),
  ),
  S3_PREFIX: optional(text({ pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/, doc: 'Folder of the bucket that holds the objects; the whole bucket when not set.' })),
  S3_ENDPOINT: optional(url(['http', 'https'], { aliases: ['OBJECT_STORAGE_ENDPOINT'], doc: 'Where the bucket is, when it is not at Amazon.' })),
  S3_PUBLIC_ENDPOINT: optional(url(['http', 'https'], { doc: 'Where clients reach the bucket to upload, when that is not S3_ENDPOINT.' })),
  S3_REGION: text({ default: 'us-east-1', pattern: /^[a-z0-9-]{1,64}$/, aliases: ['AWS_REGION'], doc: 'Region of the bucket.' }),
  S3_ACCESS_KEY_ID: optional(
    text({ aliases: ['OBJECT_STORAGE_ACCESS_KEY'], secret: true, doc: 'Key for the bucket; the usual sources of the AWS SDK (environment, profile, role) when not set.' }),
  ),
  S3_SECRET_ACCESS_KEY: optional(text({ aliases: ['OBJECT_STORAGE_SECRET_KEY'], secret: true, doc: 'Secret of that key.' })),
  S3_FORCE_PATH_STYLE: optional(flag({ doc: 'Whether the bucket is in the path of URLs and not in their host name; as it is when not set and S3_ENDPOINT is.' })),
  SECRET_KEY_BASE: text({ minLength: 32, secret: true, doc: 'Signs the URLs of uploads and of media files.' }),
  PUBLIC_URL: url(['http', 'https'], { default: 'http://localhost:4000', doc: 'Where clients reach the realtime process.' }),
  CDN_BASE_URL: optional(url(['http', 'https'], { doc: 'When set, media URLs start with it and carry no signature.' })),
  PLAYBACK_URL_TTL_S: integer({ default: 86_400, min: 60, max: 604_800, doc: 'How long the URLs of private media work, in s.' }),
};

export const mediaConfig = {
  MEDIA_MAX_UPLOAD_BYTES: integer({ default: 10 * GiB, min: 1, max: 1024 * GiB, doc: 'Largest upload, in bytes.' }),
  MEDIA_QUOTA_BYTES: optional(integer({ min: 1, max: 1024 ** 2 * GiB, doc: 'Most bytes that one user may have uploaded in all; no limit when not set.' })),
  MEDIA_UPLOADS_PER_USER: integer({ default: 20, min: 1, max: 10_000, doc: 'Most uploads of one user that are under way at once.' }),
  MEDIA_UPLOAD_TTL_S: integer({ default: 86_400, min: 60, max: 604_800, doc: 'How long an upload may take, in s; one that is not complete by then is removed.' }),
  S3_SOURCE_BUCKETS: optional(
    text({
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{1,62}(,[A-Za-z0-9][A-Za-z0-9._-]{1,62})*$/,
      doc: 'More buckets, parted by commas, that events may name sources in, as `s3://bucket/key`; read with the same keys.',
    }),
  ),
  MEDIA_MAX_DURATION_S: integer({ default: 4 * 3600, min: 1, max: 86_400, doc: 'Longest media, in s.' }),
  MEDIA_TIME_LIMIT_S: integer({ default: 4 * 3600, min: 1, max: 86_400, doc: 'Longest run of one media job, in s.' }),
  MEDIA_PART_S: integer({ default: 60, min: 2, max: 3600, doc: 'Length of the parts that long videos are encoded in, by all jobs processes at once, in s; a video shorter than two is encoded in one go.' }),
  SCRATCH_DIR: text({ default: './.data/scratch', doc: 'Folder for the working files of jobs.' }),
  MEDIA_SCRATCH_BYTES: integer({ default: 64 * GiB, min: 1, max: 1024 * GiB, doc: 'Most disk that one media job may take below `SCRATCH_DIR`, its source included, in bytes.' }),
  MEDIA_PRESET: choice(['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium'], {
    default: 'veryfast',
    doc: 'x264 preset: slower means smaller files.',
  }),
  MEDIA_MAX_HEIGHT: integer({ default: 2160, min: 144, max: 2160, doc: 'Longest short side of a rendition, in pixels; a larger source gets no larger one.' }),
  MEDIA_SEGMENT_TYPE: choice(['fmp4', 'ts'], { default: 'fmp4', doc: 'HLS segments: fragmented MP4, or MPEG-TS for old players.' }),
  MEDIA_MP4: flag({ default: false, doc: 'Also make one MP4 of each video, for download.' }),
  MEDIA_M4A: flag({ default: true, doc: 'Also make one M4A of the sound.' }),
};

/** An API of OpenAI's, or of a server that speaks like it. */
export const openaiConfig = {
  OPENAI_API_KEY: optional(text({ secret: true, doc: 'Key of the API that captions and moderation may use.' })),
  OPENAI_BASE_URL: optional(url(['http', 'https'], { doc: 'Where that API is, like `http://localhost:8000/v1`, when it is not at OpenAI; it may need no key.' })),
};

export const captionConfig = {
  CAPTIONS_AUTO: flag({ default: false, doc: 'Whether every media gets captions when it is ready, without being asked for.' }),
  CAPTION_MODEL: text({ default: 'whisper-1', pattern: /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, doc: 'Model of the API that recognises speech; one that tells the times of words.' }),
  CAPTION_LANGUAGE: optional(text({ pattern: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, doc: 'What is spoken when a request does not say, like `en`; recognised when not set.' })),
  CAPTION_MAX_DURATION_S: integer({ default: 4 * 3600, min: 1, max: 86_400, doc: 'Longest media that is captioned, in s.' }),
  CAPTION_MAX_PER_DAY_S: optional(integer({ min: 1, max: 31_536_000, doc: 'Most speech of one user that is recognised in 24 hours, in s; no limit when not set.' })),
  CAPTION_TIMEOUT_S: integer({ default: 300, min: 1, max: 3600, doc: 'How long the recognition of one piece of speech (about a minute) may take, in s.' }),
  CAPTION_TIME_LIMIT_S: integer({ default: 4 * 3600, min: 1, max: 86_400, doc: 'Longest run of one caption job, in s.' }),
};

export const moderationConfig = {
  MODERATION: choice(['off', 'words', 'openai', 'both'], { default: 'off', doc: 'Who looks at chat messages: nobody, a list of words, the moderation API, or both.' }),
  MODERATION_WORDS: optional(text({ doc: 'Words and phrases that no message may hold, parted by commas.' })),
  MODERATION_WORDS_FILE: optional(text({ doc: 'File of such words and phrases, one on each line; `#` begins a remark.' })),
  MODERATION_MODEL: text({ default: 'omni-moderation-latest', pattern: /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, doc: 'Model of the moderation API.' }),
  MODERATION_TIMEOUT_MS: integer({ default: 5_000, min: 100, max: 60_000, doc: 'How long the moderation API may take for one message, in ms.' }),
};

/** Who delivers notifications: push services and mail. Without credentials, in development, a local mailbox does. */
export const notificationConfig = {
  FIREBASE_PROJECT_ID: optional(text({ doc: 'Project of Firebase Cloud Messaging; that of the service account when not set.' })),
  FIREBASE_SERVICE_ACCOUNT: optional(text({ secret: true, doc: 'Service account of that project: its JSON, or `@` and the path of a file.' })),
  APNS_KEY: optional(text({ secret: true, doc: "Apple's key for push, of a `.p8` file: PEM (line ends may be written as `\\n`), or `@` and the path of the file." })),
  APNS_KEY_ID: optional(text({ pattern: /^[A-Z0-9]{10}$/, doc: 'Id of that key.' })),
  APNS_TEAM_ID: optional(text({ pattern: /^[A-Z0-9]{10}$/, doc: 'Id of the team at Apple.' })),
  APNS_TOPIC: optional(text({ pattern: /^[A-Za-z0-9.-]{1,255}$/, doc: 'Bundle id of the app; calls go to it with `.voip`.' })),
  APNS_PRODUCTION: flag({ default: true, doc: 'Whether tokens are of apps from the App Store or TestFlight; `false` for those that Xcode installs.' }),
  VAPID_PUBLIC_KEY: optional(text({ pattern: /^[A-Za-z0-9_-]{87}$/, doc: 'Public key of web push (VAPID), which pages subscribe with; `npx web-push generate-vapid-keys` makes a pair.' })),
  VAPID_PRIVATE_KEY: optional(text({ pattern: /^[A-Za-z0-9_-]{43}$/, secret: true, doc: 'Private key of that pair.' })),
  VAPID_SUBJECT: optional(text({ pattern: /^mailto:[^\s@]+@[^\s@]+$/, doc: 'Where push services reach the operator, like `mailto:ops@example.com`.' })),
  MAIL_URL: optional(
    url(['smtp', 'smtps', 'ses', 'sendgrid'], { secret: true, doc: 'Who sends mails: `smtp://user:password@host:587`, `smtps://…`, `ses://<region>` (Amazon), `sendgrid://<API key>@api.sendgrid.com`.' }),
  ),
  MAIL_FROM: optional(text({ doc: 'Sender of mails: an address, or `Name <address>`.' })),
  FCM_PER_SECOND: integer({ default: 500, min: 1, max: 100_000, doc: 'Most pushes that one jobs process sends to FCM in a second, in the long run.' }),
  APNS_PER_SECOND: integer({ default: 500, min: 1, max: 100_000, doc: 'The same of APNs.' }),
  WEBPUSH_PER_SECOND: integer({ default: 200, min: 1, max: 100_000, doc: 'The same of web push.' }),
  MAIL_PER_SECOND: integer({ default: 14, min: 1, max: 100_000, doc: 'The same of mails.' }),
  NOTIFY_PER_MINUTE: integer({ default: 30, min: 1, max: 100_000, doc: 'Notifications that a user gets in a minute; what is over, and not urgent, becomes a digest.' }),
  NOTIFY_TTL_S: integer({ default: 86_400, min: 1, max: 2_419_200, doc: 'How long a notification is worth delivering when it does not say, in s.' }),
  NOTIFY_LOCALE: text({ default: 'en', pattern: /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, doc: 'Language of templates for users whose own has none.' }),
  NOTIFY_DEVICES_PER_USER: integer({ default: 20, min: 1, max: 1_000, doc: 'Devices of a user; who registers more loses the one that registered longest ago.' }),
  QUEUE_NOTIFICATION_CONCURRENCY: integer({ default: 32, min: 1, max: 1_000, doc: 'Notifications that one jobs process works on at once.' }),
  QUEUE_NOTIFICATION_PER_SECOND: optional(integer({ min: 1, max: 100_000, doc: 'Most notifications that all processes together begin in a second; no limit when not set.' })),
};

export const opsConfig = {
  JOBS_PORT: integer({ default: 4001, min: 0, max: 65_535, doc: 'Port of the probes and metrics of the jobs process, on HOST; 0 picks a free one.' }),
  METRICS_TOKEN: optional(text({ minLength: 16, secret: true, doc: 'When set, `/metrics` needs it as a bearer token; when not, everyone who reaches the port may read.' })),
};

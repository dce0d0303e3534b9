/** A rule over the imports of the files that `in` matches. Patterns match paths from the root, `node:fs` and `npm:ws`. */
export interface ImportRule {
  in: RegExp;
  except?: RegExp;
  /** Nothing but this may be imported … */
  only?: RegExp;
  /** … and this as well when only types are. */
  types?: RegExp;
  /** This may not be imported. */
  never?: RegExp;
  reason: string;
}

export const IMPORT_RULES: readonly ImportRule[] = [
  {
    in: /^packages\/shared\/src\/kernel\//,
    only: /^(packages\/shared\/src\/kernel\/|npm:|node:)/,
    reason: 'shared/kernel imports nothing local: everything stands on it',
  },
  {
    in: /^packages\/shared\/src\//,
    never: /^(packages\/(?!shared\/)|infra\/)/,
    reason: 'shared holds what both processes use and knows neither of them',
  },
  {
    in: /^packages\/realtime\/src\//,
    never: /^(packages\/(jobs|web)\/|infra\/)/,
    reason: 'realtime and jobs never import each other: they meet in shared/events',
  },
  {
    in: /^packages\/jobs\/src\//,
    never: /^(packages\/(realtime|web)\/|infra\/)/,
    reason: 'realtime and jobs never import each other: they meet in shared/events',
  },
  {
    in: /^packages\/web\/src\//,
    never: /^(packages\/(?!web\/|realtime\/src\/contracts\/)|infra\/|node:)/,
    reason: 'the page runs in a browser; of the server it knows the contracts alone',
  },
  {
    in: /^packages\/realtime\/src\/engine\//,
    except: /\/engine\/pubsub\/conformance\.ts$/, // A suite of tests: it needs vitest.
    only: /^(packages\/realtime\/src\/engine\/|packages\/shared\/src\/kernel\/|node:|npm:(@standard-schema\/spec|ws)$)/,
    reason: 'the engine is a library of its own: it knows nothing of the product, of HTTP frameworks or of databases',
  },
  {
    in: /^packages\/realtime\/src\/contracts\//,
    only: /^(packages\/realtime\/src\/(contracts|engine)\/|packages\/shared\/src\/(events|kernel)\/|npm:zod$)/,
    reason: 'contracts are data that a browser can load: they import contract types, event fields and the schema library',
  },
  {
    in: /^packages\/realtime\/src\/domain\//,
    only: /^(node:timers\/promises$|packages\/(realtime\/src\/(domain|contracts)\/|realtime\/src\/auth\/identity\.ts$|shared\/src\/(kernel|events|jobs|notifications)\/))/,
    types: /^packages\/shared\/src\/(bus|db|storage)\//,
    reason: 'the domain is rules over ports: of database, bus and storage it knows types, not code',
  },
  ...['channels', 'rest', 'bridge'].map((sibling, _index, siblings) => ({
    in: new RegExp(`^packages/realtime/src/${sibling}/`),
    never: new RegExp(`^packages/realtime/src/(${siblings.filter((name) => name !== sibling).join('|')})/`),
    reason: 'channels, rest and bridge are siblings: what they share belongs to domain',
  })),
  {
    in: /^packages\/[^/]+\/src\//,
    except: /\/src\/(app\.ts$|persistence\/|adapters\/)/,
    never: /^packages\/[^/]+\/src\/(persistence|adapters)\//,
    reason: 'persistence and adapters are imported by app.ts alone, so that one file decides which are used',
  },
];

/** Packages that only some files may import: everything else goes through them. */
export const PACKAGE_OWNERS: readonly { packages: RegExp; owner: RegExp }[] = [
  { packages: /^npm:ws$/, owner: /^packages\/realtime\/src\/engine\/transport\/websocket\.ts$/ },
  { packages: /^npm:(fastify|@fastify\/.+)$/, owner: /^packages\/realtime\/src\/rest\// },
  { packages: /^npm:@bufbuild\/protobuf$/, owner: /^packages\/realtime\/src\/(generated\/|adapters\/reel-protobuf\.ts$)/ },
  { packages: /^npm:jose$/, owner: /^packages\/realtime\/src\/auth\// },
  { packages: /^npm:bullmq$/, owner: /^packages\/shared\/src\/queues\// },
  { packages: /^npm:amqplib$/, owner: /^packages\/shared\/src\/bus\/rabbitmq\// },
  { packages: /^npm:ioredis$/, owner: /^packages\/(shared\/src\/(queues|bus)\/|realtime\/src\/adapters\/pubsub\/)/ },
  { packages: /^npm:@nats-io\/.+$/, owner: /^packages\/shared\/src\/bus\/nats\// },
  { packages: /^npm:cockatiel$/, owner: /^packages\/shared\/src\/kernel\/breaker\.ts$/ },
  { packages: /^npm:fluent-ffmpeg$/, owner: /^packages\/jobs\/src\/ffmpeg\// },
  { packages: /^npm:@bull-board\/.+$/, owner: /^packages\/realtime\/src\/rest\/admin\/board-app\.ts$/ },
  { packages: /^npm:prom-client$/, owner: /^packages\/shared\/src\/ops\/metrics\.ts$/ },
  { packages: /^npm:pino$/, owner: /^packages\/shared\/src\/kernel\/log\.ts$/ },
  { packages: /^npm:pg$/, owner: /^packages\/shared\/src\/(db|bus|queues)\// },
  { packages: /^npm:drizzle-orm$/, owner: /^packages\/(shared\/src\/(db|bus|dead-letters|jobs|keys)|realtime\/src\/persistence|jobs\/src)\// },
  { packages: /^npm:@aws-sdk\/client-sesv2$/, owner: /^packages\/jobs\/src\/adapters\/mail-services\.ts$/ },
  { packages: /^npm:@aws-sdk\/(?!client-sesv2$).+$/, owner: /^packages\/shared\/src\/storage\/s3/ },
  { packages: /^npm:nodemailer$/, owner: /^packages\/jobs\/src\/adapters\/mail(-services)?\.ts$/ },
  { packages: /^npm:firebase-admin$/, owner: /^packages\/jobs\/src\/adapters\/fcm\.ts$/ },
  { packages: /^npm:apn$/, owner: /^packages\/jobs\/src\/adapters\/apns\.ts$/ },
  { packages: /^npm:web-push$/, owner: /^packages\/jobs\/src\/adapters\/webpush\.ts$/ },
  { packages: /^npm:@tus\/.+$/, owner: /^packages\/(shared\/src\/storage\/resumable|realtime\/src\/rest\/tus)\.ts$/ },
  { packages: /^npm:openai$/, owner: /^packages\/jobs\/src\/adapters\/(openai-client|transcriber-openai|moderator-openai)\.ts$/ },
  { packages: /^npm:hls\.js$/, owner: /^packages\/web\/src\/videos\/player\// },
];

export const PACKAGE_REASON = 'an SDK is imported by its adapter alone, so that replacing it touches one place';

export const ENVIRONMENT = {
  pattern: /\bprocess\.env\b/,
  file: 'packages/shared/src/config/env.ts',
  reason: 'the environment is read in one file, so that configuration is typed, documented and checked at start',
};

export const LONGEST_FILE = { lines: 300, reason: 'one concept on one screen: split it' };

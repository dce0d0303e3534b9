import { describe, expect, test } from 'vitest';
import { checkFile } from '../layers/check.ts';
import { importsOf } from '../layers/imports.ts';

describe('each rule reports what breaks it, with place and reason', () => {
  test.each([
    ['shared/src/kernel/ids.ts', "import { media } from '../db/index.ts';", 'shared/kernel imports nothing local'],
    ['shared/src/bus/port.ts', "import { createRealtime } from '@armoricore/realtime';", 'knows neither of them'],
    ['realtime/src/rest/media.ts', "import { farm } from '@armoricore/jobs';", 'never import each other'],
    ['jobs/src/core/farm.ts', "import { x } from '@armoricore/realtime/engine';", 'never import each other'],
    ['web/src/app.tsx', "import { openDatabase } from '@armoricore/shared/db';", 'contracts alone'],
    ['web/src/app.tsx', "import { readFile } from 'node:fs';", 'contracts alone'],
    ['realtime/src/engine/socket.ts', "import { fastify } from 'fastify';", 'library of its own'],
    ['realtime/src/engine/socket.ts', "import { media } from '../domain/media.ts';", 'library of its own'],
    ['realtime/src/engine/socket.ts', "import { WebSocket } from 'ws';", 'by its adapter alone'],
    ['realtime/src/contracts/media.ts', "import { readFile } from 'node:fs/promises';", 'a browser can load'],
    ['realtime/src/domain/media.ts', "import { openDatabase } from '@armoricore/shared/db';", 'types, not code'],
    ['realtime/src/domain/media.ts', "import { repository } from '../persistence/media.ts';", 'app.ts alone'],
    ['realtime/src/channels/media.ts', "import { events } from '../rest/events.ts';", 'siblings'],
    ['realtime/src/rest/media.ts', "import { channel } from '../channels/media.ts';", 'siblings'],
    ['realtime/src/bridge/bridge.ts', "import { channel } from '../channels/media.ts';", 'siblings'],
    ['realtime/src/rest/media.ts', "import { repository } from '../persistence/media.ts';", 'app.ts alone'],
    ['jobs/src/media/job.ts', "import { fcm } from '../adapters/fcm.ts';", 'app.ts alone'],
    ['jobs/src/media/job.ts', "import { Queue } from 'bullmq';", 'by its adapter alone'],
    ['realtime/src/rest/media.ts', "const { jwtVerify } = await import('jose');", 'by its adapter alone'],
    ['shared/src/db/client.ts', 'const url = process.env.DATABASE_URL;', 'read in one file'],
    ['shared/src/db/client.ts', '\n'.repeat(300) + 'export {};', 'split it'],
  ])('%s: %s', (file, source, reason) => {
    const faults = checkFile(`packages/${file}`, source);
    expect(faults).toContainEqual(expect.stringContaining(reason));
    expect(faults.every((fault) => fault.startsWith(`packages/${file}`))).toBe(true);
  });
});

describe('what is allowed is not reported', () => {
  test.each([
    ['realtime/src/app.ts', "import { repository } from './persistence/media.ts';"],
    ['realtime/src/domain/media.ts', "import type { MediaRow } from '@armoricore/shared/db';"],
    ['realtime/src/channels/media.ts', "import type { MediaService } from '../domain/media.ts';"],
    ['realtime/src/engine/transport/websocket.ts', "import { WebSocketServer } from 'ws';"],
    ['realtime/src/engine/socket.ts', "import { describeError } from '@armoricore/shared/kernel';"],
    ['shared/src/config/env.ts', 'return process.env;'],
    ['shared/src/db/client.ts', "// import { farm } from '@armoricore/jobs';"],
    ['shared/src/db/client.ts', `${'\n'.repeat(299)}export {};\n`],
  ])('%s: %s', (file, source) => {
    expect(checkFile(`packages/${file}`, source)).toEqual([]);
  });
});

test('every form of import is seen, with its line', () => {
  const source = [
    "import a from './a.ts';",
    "import {\n  b,\n  type C,\n} from '../b.ts';",
    "import './side-effect.ts';",
    "import type { D } from '@armoricore/shared/kernel';",
    "export * from 'zod';",
    "export const later = () => import('@fastify/static');",
    "const text = 'nothing'; export const from = 'here';",
  ].join('\n');
  expect(importsOf('packages/x/src/y/z.ts', source).map(({ line, target, typeOnly }) => [line, target, typeOnly])).toEqual([
    [1, 'packages/x/src/y/a.ts', false],
    [2, 'packages/x/src/b.ts', false],
    [6, 'packages/x/src/y/side-effect.ts', false],
    [7, 'packages/shared/src/kernel/index.ts', true],
    [8, 'npm:zod', false],
    [9, 'npm:@fastify/static', false],
  ]);
});

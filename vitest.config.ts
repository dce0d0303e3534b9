import { availableParallelism } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

const project = (name: string, root: string, options: { include?: string; exclude?: string[]; testTimeout?: number; globalSetup?: string[] } = {}) => ({
  test: { name, root, testTimeout: 30_000, hookTimeout: 60_000, ...options, include: [options.include ?? 'test/**/*.test.ts'] },
});

/** Tests that speak to the private Redis, NATS and RabbitMQ of the run. */
const BROKERS = { globalSetup: [path.join(import.meta.dirname, 'test/support/services/global-setup.ts')] };

/** How much of it: `npm run chaos` does more. */
const CHAOS = { globalSetup: [path.join(import.meta.dirname, 'test/chaos/support/size-in-tests.ts')] };

/** Tests that start the whole product and transcode share the processors with all others. */
const SLOW = { testTimeout: 120_000 };

export default defineConfig({
  test: {
    // Most tests wait for servers and for time limits, not for a processor.
    maxWorkers: Math.max(2, availableParallelism()),
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('shared', 'packages/shared', BROKERS),
      project('realtime', 'packages/realtime', BROKERS),
      project('jobs', 'packages/jobs', BROKERS),
      project('web', 'packages/web'),
      project('local', 'infra/local', SLOW),
      project('scripts', 'scripts'),
      project('whole', 'test', { ...SLOW, ...BROKERS, include: '**/*.test.ts', exclude: ['chaos/**'] }),
      project('chaos', 'test/chaos', { ...SLOW, ...CHAOS, include: '*.test.ts' }),
    ],
  },
});

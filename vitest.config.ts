import { defineConfig } from 'vitest/config';

const project = (name: string, root: string, { include = 'test/**/*.test.ts', testTimeout = 30_000 } = {}) => ({
  test: { name, root, include: [include], testTimeout, hookTimeout: 60_000 },
});

/** Tests that start the whole product and transcode share the processors with all others. */
const SLOW = { testTimeout: 120_000 };

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('shared', 'packages/shared'),
      project('realtime', 'packages/realtime'),
      project('jobs', 'packages/jobs'),
      project('web', 'packages/web'),
      project('local', 'infra/local', SLOW),
      project('scripts', 'scripts'),
      project('whole', 'test', { ...SLOW, include: '**/*.test.ts' }),
    ],
  },
});

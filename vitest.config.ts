import { defineConfig } from 'vitest/config';

const project = (name: string, root: string) => ({
  test: { name, root, include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
});

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('shared', 'packages/shared'),
      project('realtime', 'packages/realtime'),
      project('jobs', 'packages/jobs'),
      project('local', 'infra/local'),
      project('whole', 'test'),
    ],
  },
});

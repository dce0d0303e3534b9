import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run chaos`: the tests of test/chaos at full size. */
export default defineConfig({
  test: {
    root: 'test/chaos',
    include: ['**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts', 'test/chaos/support/size-in-full.ts'].map((file) => path.join(import.meta.dirname, file)),
    reporters: ['verbose', path.join(import.meta.dirname, 'test/support/closing-line.ts')],
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});

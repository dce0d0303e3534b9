import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NODE_FLAGS } from '@armoricore/realtime/node-flags';

test('the engine is measured with the flags of Node that realtime is started with', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> };
  expect(scripts['bench:server']).toContain(` ${NODE_FLAGS.join(' ')} bench/server.ts`);
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

test('a wrong configuration ends the start with code 78 and one line for each fault', async () => {
  const env = { PATH: process.env['PATH'], MEDIA_CONCURRENCY: 'many', DATABASE_URL: 'mysql://x' };
  const result = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, [MAIN], { env, timeout: 20_000 }, (error, _stdout, stderr) => resolve({ code: error?.code, stderr }));
  });
  expect(result.code).toBe(78);
  expect(result.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/^DATABASE_URL: .*postgres/),
    expect.stringMatching(/^SECRET_KEY_BASE: is not set/),
    expect.stringMatching(/^MEDIA_CONCURRENCY: is "many"; needed: a whole number/),
  ]);
});

import { chmod, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { keepSecret } from '../src/secrets.ts';
import { temporaryFolder } from './support/processes.ts';

test('a secret is made once, is long enough, and is readable by its owner alone', async () => {
  const folder = path.join(await temporaryFolder(), 'secrets');
  const secret = await keepSecret(folder, 'JWT_SECRET');
  expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(await keepSecret(folder, 'JWT_SECRET')).toBe(secret);
  expect(await keepSecret(folder, 'SECRET_KEY_BASE')).not.toBe(secret);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(path.join(folder, 'JWT_SECRET'))).mode & 0o777).toBe(0o600);
});

test('a secret that others could read is closed again', async () => {
  const folder = await temporaryFolder();
  await keepSecret(folder, 'JWT_SECRET');
  await chmod(path.join(folder, 'JWT_SECRET'), 0o644);
  await keepSecret(folder, 'JWT_SECRET');
  expect((await stat(path.join(folder, 'JWT_SECRET'))).mode & 0o777).toBe(0o600);
});

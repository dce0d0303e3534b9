import path from 'node:path';
import { expect, test } from 'vitest';
import { childEnvironment, readSettings, ROOT } from '../src/settings.ts';

const SECRET = 'x'.repeat(32);
const RESOLVED = { PORT: 4001, JOBS_PORT: 0, DATABASE_URL: 'postgres://db/x', JWT_SECRET: SECRET, SECRET_KEY_BASE: SECRET };

test('with nothing set there are defaults, below the repository', () => {
  expect(readSettings({})).toMatchObject({ PORT: 4000, HOST: '127.0.0.1', NODE_ENV: 'development', DATA_DIR: path.join(ROOT, '.data') });
});

test('a port that is left to chance leaves the other one too, unless it is set', () => {
  expect(readSettings({}).JOBS_PORT).toBe(4001);
  expect(readSettings({ PORT: '0' }).JOBS_PORT).toBe(0);
  expect(readSettings({ PORT: '0', JOBS_PORT: '4711' }).JOBS_PORT).toBe(4711);
});

test('all faults come at once', () => {
  expect(() => readSettings({ PORT: '70000', JWT_SECRET: 'short' })).toThrow(/^PORT: is "70000".*\nJWT_SECRET: is a secret of 5 characters/);
});

test('in production secrets are not made up', () => {
  expect(() => readSettings({ NODE_ENV: 'production' })).toThrow(/^JWT_SECRET: is not set.*\nSECRET_KEY_BASE: is not set/);
  expect(() => readSettings({ NODE_ENV: 'production', JWKS_URL: 'https://issuer.example/jwks' })).toThrow(/^SECRET_KEY_BASE: is not set[^\n]*$/);
  expect(readSettings({ NODE_ENV: 'production', JWT_SECRET: SECRET, SECRET_KEY_BASE: SECRET }).NODE_ENV).toBe('production');
});

test('the processes get the environment, completed and not overruled', () => {
  const env = { DATA_DIR: '/data', STORAGE_DIR: '/elsewhere', MEDIA_CONCURRENCY: '3' };
  expect(childEnvironment(env, readSettings(env), RESOLVED)).toMatchObject({
    PORT: '4001',
    JOBS_PORT: '0',
    DATABASE_URL: 'postgres://db/x',
    PUBLIC_URL: 'http://localhost:4001',
    STORAGE_DIR: '/elsewhere',
    SCRATCH_DIR: '/data/scratch',
    MEDIA_CONCURRENCY: '3',
  });
});

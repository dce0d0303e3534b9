import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { runCommand } from '../../../../scripts/keys/commands.ts';
import { chatConfig, ConfigError, loadConfig, openaiConfig, storageConfig } from '../../src/config/index.ts';
import { auditLog, keys, openDatabase, type DatabaseHandle } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { unwrap, wrap } from '../../src/keys/cipher.ts';
import { createKeyStore, openKeyStore, readMasterKey, withStoredSecrets, type KeyStore } from '../../src/keys/index.ts';

const newMaster = () => readMasterKey(randomBytes(32).toString('base64'));
const VALUE = 'the value of the secret';

describe('the cipher', () => {
  const master = newMaster();

  it('opens what it wrapped, and never wraps the same way twice', () => {
    for (const value of ['', 'ü ☃ 💡', 'x'.repeat(60_000)]) expect(unwrap(wrap(value, 'a:1', master), 'a:1', master)).toBe(value);
    expect(wrap(VALUE, 'a:1', master)).not.toBe(wrap(VALUE, 'a:1', master));
  });

  it('does not open what was changed in any byte, cut, moved to another place, or wrapped by another', () => {
    const wrapped = Buffer.from(wrap('short', 'a:1', master), 'base64');
    for (let index = 0; index < wrapped.length; index += 1) {
      const changed = Buffer.from(wrapped);
      changed[index]! ^= 1;
      expect(() => unwrap(changed.toString('base64'), 'a:1', master)).toThrow();
      expect(() => unwrap(wrapped.toString('base64', 0, index), 'a:1', master)).toThrow();
    }
    expect(() => unwrap(wrapped.toString('base64'), 'a:2', master)).toThrow();
    expect(() => unwrap(wrapped.toString('base64'), 'a:1', newMaster())).toThrow();
  });

  it('takes the base64 of 32 bytes for a master key, and nothing else', () => {
    expect(readMasterKey(`${randomBytes(32).toString('base64')}\n`).id).toMatch(/^[0-9a-f]{16}$/);
    for (const wrong of ['', 'secret', randomBytes(31).toString('base64'), randomBytes(33).toString('base64'), `!${randomBytes(32).toString('base64')}`]) {
      expect(() => readMasterKey(wrong)).toThrow(RangeError);
    }
  });
});

describe('the key store', () => {
  const master = newMaster();
  let database: DatabaseHandle;
  let url: string;
  let store: KeyStore;

  beforeEach(async () => {
    const fresh = await createTestDatabase();
    url = fresh.url;
    database = openDatabase(url, { max: 4, log: silentLog });
    store = createKeyStore(database.db, master, 'tester');
    return async () => {
      await database.stop();
      await fresh.drop();
    };
  });
  const acts = async () => (await database.db.select().from(auditLog).orderBy(auditLog.id)).map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);

  it('keeps values that only the master key opens, the newest version first', async () => {
    await store.add('JWT_SECRET', 'first');
    await store.rotate('JWT_SECRET', 'second');
    expect(await store.values('JWT_SECRET')).toEqual(['second', 'first']);
    expect(await store.values('OTHER')).toEqual([]);
    const rows = JSON.stringify(await database.db.select().from(keys)) + JSON.stringify(await database.db.select().from(auditLog));
    for (const value of ['first', 'second', ...['first', 'second'].map((text) => Buffer.from(text).toString('base64'))]) expect(rows).not.toContain(value);
    const stranger = createKeyStore(database.db, newMaster(), 'x');
    await expect(stranger.values('JWT_SECRET')).rejects.toMatchObject({ code: 'key_unreadable', details: { name: 'JWT_SECRET' } });
    await expect(stranger.add('MORE', 'x')).rejects.toMatchObject({ code: 'key_unreadable' });
  });

  it('lists everything but values', async () => {
    await store.add('b', VALUE);
    await store.add('a', VALUE);
    await store.rotate('a', VALUE);
    const listed = await store.list();
    expect(listed.map(({ name, version }) => [name, version])).toEqual([['a', 2], ['a', 1], ['b', 1]]);
    expect(Object.keys(listed[0]!).toSorted()).toEqual(['createdAt', 'masterId', 'name', 'version']);
  });

  it('removes one version or all, and writes every change into the audit log', async () => {
    await store.add('a', '1');
    await store.rotate('a', '2');
    await store.rotate('a', '3');
    expect(await store.remove('a', 1)).toBe(1);
    expect(await store.values('a')).toEqual(['3', '2']);
    expect(await store.remove('a')).toBe(2);
    expect(await acts()).toEqual(['key.add', 'key.rotate', 'key.rotate', 'key.remove', 'key.remove'].map((action) => `tester ${action} key:a`));
  });

  it('keeps eight versions', async () => {
    await store.add('a', '1');
    for (let version = 2; version <= 10; version += 1) await store.rotate('a', String(version));
    expect(await store.values('a')).toEqual(['10', '9', '8', '7', '6', '5', '4', '3']);
  });

  it('refuses what is there, what is not, and names and values that are none; nothing is written down then', async () => {
    await store.add('a', VALUE);
    await expect(store.add('a', VALUE)).rejects.toMatchObject({ code: 'key_exists' });
    await expect(store.rotate('b', VALUE)).rejects.toMatchObject({ code: 'not_found' });
    await expect(store.remove('b')).rejects.toMatchObject({ code: 'not_found' });
    await expect(store.remove('a', 7)).rejects.toMatchObject({ code: 'not_found' });
    for (const name of ['', '1a', 'a b', 'a/b', 'x'.repeat(65)]) await expect(store.add(name, VALUE)).rejects.toMatchObject({ code: 'invalid_payload' });
    for (const value of ['', 'x'.repeat(70_000)]) await expect(store.add('c', value)).rejects.toMatchObject({ code: 'invalid_payload' });
    expect(await acts()).toHaveLength(1);
  });

  it('counts versions right when several rotate at once', async () => {
    await store.add('a', '1');
    const versions = await Promise.all(['2', '3', '4', '5'].map(async (value) => (await store.rotate('a', value)).version));
    expect(versions.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
  });

  it('changes the master key for all or none', async () => {
    const next = newMaster();
    await store.add('a', '1');
    await store.add('b', '2');
    expect(await store.rewrap(next)).toBe(2);
    await expect(store.values('a')).rejects.toMatchObject({ code: 'key_unreadable' });
    const after = createKeyStore(database.db, next, 'tester');
    expect([await after.values('a'), await after.values('b')]).toEqual([['1'], ['2']]);
    await database.db.update(keys).set({ wrapped: 'broken' });
    await expect(after.rewrap(master)).rejects.toMatchObject({ code: 'key_unreadable' });
    expect((await after.list()).every(({ masterId }) => masterId === next.id)).toBe(true);
  });

  it('is not there without a master key, and a wrong one is a fault', () => {
    const none = { MASTER_KEY: undefined, MASTER_KEY_FILE: undefined };
    expect(openKeyStore(none, database.db, 'x')).toBeNull();
    expect(() => openKeyStore({ ...none, MASTER_KEY: 'short' }, database.db, 'x')).toThrow(ConfigError);
    expect(() => openKeyStore({ ...none, MASTER_KEY_FILE: '/nowhere/key' }, database.db, 'x')).toThrow(/^MASTER_KEY_FILE: /);
  });

  describe('from the command line', () => {
    const SCRIPT = fileURLToPath(new URL('../../../../scripts/keys.ts', import.meta.url));

    async function run(args: string[], { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {}) {
      const child = spawn(process.execPath, [SCRIPT, ...args], { env: { PATH: process.env['PATH'], DATABASE_URL: url, MASTER_KEY: master.bytes.toString('base64'), ...env } });
      onTestFinished(() => void child.kill('SIGKILL'));
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stdin.on('error', () => undefined).end(input);
      const [code] = (await once(child, 'close')) as [number];
      return { code, output };
    }

    it('adds, rotates, lists and removes, without showing a value', async () => {
      const outcomes = [
        await run(['add', 'JWT_SECRET'], { input: `${VALUE}\n` }),
        await run(['rotate', 'JWT_SECRET'], { input: `${VALUE} 2` }),
        await run(['list']),
        await run(['remove', 'JWT_SECRET', '1']),
      ];
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
      expect(outcomes[2]!.output).toMatch(/^JWT_SECRET {2}version 2 .*\nJWT_SECRET {2}version 1 .*\n$/);
      expect(outcomes.map(({ output }) => output).join()).not.toContain(VALUE);
      expect(await store.values('JWT_SECRET')).toEqual([`${VALUE} 2`]);
    });

    it('changes the master key', async () => {
      await store.add('a', VALUE);
      const next = newMaster();
      expect((await run(['rotate-master'], { env: { NEW_MASTER_KEY: next.bytes.toString('base64') } })).code).toBe(0);
      expect(await createKeyStore(database.db, next, 'x').values('a')).toEqual([VALUE]);
    });

    it('says what is wrong, and ends with 1', async () => {
      const context = { store, env: {}, input: Object.assign(Readable.from([]), { isTTY: true as const }) };
      for (const args of [[], ['fly'], ['add'], ['list', 'x'], ['remove', 'a', 'b'], ['rotate-master']]) await expect(runCommand(args, context)).rejects.toThrow(/npm run keys -- add NAME/);
      await expect(runCommand(['add', 'a'], context)).rejects.toThrow(/standard input/);
      expect(await run(['remove', 'a'])).toMatchObject({ code: 1, output: expect.stringContaining('not_found') });
      expect(await run(['list'], { env: { MASTER_KEY: '' } })).toMatchObject({ code: 1, output: expect.stringContaining('MASTER_KEY: is not set') });
    });
  });
});

describe('the secrets of an environment', () => {
  const MASTER_KEY = randomBytes(32).toString('base64');
  const fragments = { chat: chatConfig, openai: openaiConfig, storage: storageConfig };

  it('come from the store, in their current version, where the environment has none', async () => {
    const { url, drop } = await createTestDatabase();
    onTestFinished(drop);
    const database = openDatabase(url, { max: 1, log: silentLog });
    onTestFinished(() => database.stop());
    const store = createKeyStore(database.db, readMasterKey(MASTER_KEY), 'anna');
    await store.add('OPENAI_API_KEY', 'first');
    await store.rotate('OPENAI_API_KEY', 'second');
    for (const name of ['SECRET_KEY_BASE', 'S3_ACCESS_KEY_ID', 'CHAT_MESSAGES_PER_SECOND', 'JWT_SECRET']) await store.add(name, 'x'.repeat(32));

    const env = await withStoredSecrets({ DATABASE_URL: url, MASTER_KEY, OPENAI_API_KEY: '', OBJECT_STORAGE_ACCESS_KEY: 'from outside' }, fragments);
    const { openai, storage, chat } = loadConfig(fragments, env);
    expect(openai.OPENAI_API_KEY).toBe('second');
    expect(storage).toMatchObject({ SECRET_KEY_BASE: 'x'.repeat(32), S3_ACCESS_KEY_ID: 'from outside' });
    expect(chat.CHAT_MESSAGES_PER_SECOND).toBe(20);
    expect(env).not.toHaveProperty('JWT_SECRET');
    await expect(withStoredSecrets({ DATABASE_URL: url, MASTER_KEY: randomBytes(32).toString('base64') }, fragments)).rejects.toMatchObject({ code: 'key_unreadable' });
  });

  it('are as they are without a master key', async () => {
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect(await withStoredSecrets(env, fragments)).toBe(env);
  });
});

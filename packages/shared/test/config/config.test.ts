import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  authConfig, busConfig, choice, ConfigError, databaseConfig, flag, httpConfig, integer, loadConfig, mediaConfig, optional, processConfig, storageConfig, text, url,
  type Fragments,
} from '../../src/config/index.ts';

const ALL = { process: processConfig, http: httpConfig, database: databaseConfig, bus: busConfig, auth: authConfig, storage: storageConfig, media: mediaConfig };
const NEEDED = { DATABASE_URL: 'postgres://u:p@h/db', JWT_SECRET: 'j'.repeat(32), SECRET_KEY_BASE: 's'.repeat(32) };

function faultsOf(fragments: Fragments, env: Record<string, string | undefined>): readonly string[] {
  try {
    loadConfig(fragments, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('configuration', () => {
  it('needs little and has a default for the rest', () => {
    const config = loadConfig(ALL, NEEDED);
    expect(config.http.PORT).toBe(4000);
    expect(config.bus.BUS_URL).toBeUndefined();
    expect(config.process.NODE_ENV).toBe('development');
  });

  it('tells all faults at once, one line each: the variable, what came, what is allowed', () => {
    expect(faultsOf(ALL, { ...NEEDED, SECRET_KEY_BASE: undefined, PORT: '70000', LOG_LEVEL: 'loud', PUBLIC_URL: 'ftp://x' })).toEqual([
      'LOG_LEVEL: is "loud"; needed: one of trace, debug, info, warn, error, silent',
      'PORT: is "70000"; needed: a whole number from 0 to 65535',
      'SECRET_KEY_BASE: is not set; needed: a text of at least 32 characters',
      'PUBLIC_URL: is "ftp://x"; needed: an URL that starts with http:// or https://',
    ]);
  });

  it('never prints a secret', () => {
    const secrets = { DATABASE_URL: 'mysql://root:hunter2@h/db', JWT_SECRET: 'hunter2', SECRET_KEY_BASE: 'hunter2hunter2', BUS_URL: 'kafka://a:hunter2@h' };
    const faults = faultsOf(ALL, secrets);
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['DATABASE_URL', 'BUS_URL', 'JWT_SECRET', 'SECRET_KEY_BASE']);
    expect(faults.join()).not.toContain('hunter2');
    expect(faults[2]).toBe('JWT_SECRET: is a secret of 7 characters; needed: a text of at least 32 characters');
  });

  it('keeps a long wrong value short', () => {
    expect(faultsOf({ http: httpConfig }, { PORT: 'x'.repeat(10_000) })[0]!.length).toBeLessThan(200);
  });

  it('reads other names of a variable, the first name first, and names the one that was wrong', () => {
    expect(loadConfig({ bus: busConfig }, { MESSAGE_BUS_URL: 'postgres://a' }).bus.BUS_URL).toBe('postgres://a');
    expect(loadConfig({ bus: busConfig }, { MESSAGE_BUS_URL: 'postgres://a', BUS_URL: 'postgres://b' }).bus.BUS_URL).toBe('postgres://b');
    expect(faultsOf({ bus: busConfig }, { MESSAGE_BUS_URL: 'x' })[0]).toMatch(/^MESSAGE_BUS_URL: is a secret/);
  });

  it('takes an empty variable as not set', () => {
    expect(loadConfig({ http: httpConfig, bus: busConfig }, { PORT: '', BUS_URL: '' })).toMatchObject({ http: { PORT: 4000 }, bus: { BUS_URL: undefined } });
  });
});

describe('a setting', () => {
  const one = <T>(setting: ReturnType<typeof text> | T) => ({ f: { X: setting as ReturnType<typeof text> } });

  it('of a number takes whole numbers within bounds and nothing else', () => {
    const fragment = { f: { X: integer({ doc: '', min: 1, max: 10 }) } };
    fc.assert(
      fc.property(fc.oneof(fc.integer().map(String), fc.double().map(String), fc.string({ minLength: 1 })), (value) => {
        const number = Number(value);
        const right = Number.isInteger(number) && number >= 1 && number <= 10;
        expect(faultsOf(fragment, { X: value })).toHaveLength(right ? 0 : 1);
      }),
    );
  });

  it('of a flag takes true, false, 1 and 0 in any case', () => {
    const fragment = { f: { X: flag({ doc: '', default: false }) } };
    const read = (X?: string) => loadConfig(fragment, { X }).f.X;
    expect([read('true'), read('1'), read('FALSE'), read('0'), read()]).toEqual([true, true, false, false, false]);
    expect(faultsOf(fragment, { X: 'maybe' })).toEqual(['X: is "maybe"; needed: true or false']);
  });

  it('of an URL checks the scheme and drops slashes at the end', () => {
    const fragment = { f: { X: url(['https'], { doc: '' }) } };
    expect(loadConfig(fragment, { X: 'https://h/a//' }).f.X).toBe('https://h/a');
    for (const X of ['http://h', 'h', '//h', 'javascript:alert(1)']) expect(faultsOf(fragment, { X })).toHaveLength(1);
  });

  it('of a choice and of a text say what is allowed', () => {
    expect(faultsOf(one(choice(['a', 'b'], { doc: '' })), { X: 'c' })).toEqual(['X: is "c"; needed: one of a, b']);
    expect(faultsOf(one(text({ doc: '' })), {})).toEqual(['X: is not set; needed: a text']);
  });

  it('that is optional may be left out but not be wrong', () => {
    const fragment = { f: { X: optional(integer({ doc: '', min: 1, max: 2 })) } };
    expect(loadConfig(fragment, {}).f.X).toBeUndefined();
    expect(faultsOf(fragment, { X: '3' })).toHaveLength(1);
  });
});

import { readFileSync } from 'node:fs';
import { ConfigError, type ConfigOf, type keyConfig } from '../config/index.ts';
import type { Database } from '../db/index.ts';
import { describeError } from '../kernel/index.ts';
import { readMasterKey, type MasterKey } from './cipher.ts';
import { createKeyStore, type KeyStore } from './store.ts';

export type KeyConfig = ConfigOf<{ keys: typeof keyConfig }>['keys'];

/** The master key of the configuration, or null when there is none. @throws ConfigError when there is a wrong one */
export function loadMasterKey({ MASTER_KEY, MASTER_KEY_FILE }: KeyConfig): MasterKey | null {
  const name = MASTER_KEY === undefined ? 'MASTER_KEY_FILE' : 'MASTER_KEY';
  try {
    if (MASTER_KEY !== undefined) return readMasterKey(MASTER_KEY);
    return MASTER_KEY_FILE === undefined ? null : readMasterKey(readFileSync(MASTER_KEY_FILE, 'utf8'));
  } catch (error) {
    throw new ConfigError([`${name}: ${describeError(error)}`]);
  }
}

/**
 * The key store, or null when the configuration has no master key.
 * @param actor who is named in the audit log
 */
export function openKeyStore(config: KeyConfig, db: Database, actor: string): KeyStore | null {
  const master = loadMasterKey(config);
  return master === null ? null : createKeyStore(db, master, actor);
}

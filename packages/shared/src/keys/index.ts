export { readMasterKey, type MasterKey } from './cipher.ts';
export { withStoredSecrets } from './environment.ts';
export { loadMasterKey, openKeyStore, type KeyConfig } from './open.ts';
export { createKeyStore, type KeyEntry, type KeyStore } from './store.ts';

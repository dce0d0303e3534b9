export { openDatabase, type Database, type DatabaseHandle, type Transaction } from './client.ts';
export { startListener, type Listener, type ListenerOptions } from './listener.ts';
export { migrateDatabase } from './migrate.ts';
export * from './schema/index.ts';

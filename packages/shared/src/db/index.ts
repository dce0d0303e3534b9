export { openDatabase, type Database, type DatabaseHandle, type Transaction } from './client.ts';
export { migrateDatabase } from './migrate.ts';
export * from './schema/index.ts';

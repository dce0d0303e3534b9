export * from './media.ts';
export * from './events.ts';
export * from './dead-letters.ts';
export * from './audit.ts';
export * from './jobs.ts';
export * from './users.ts';
export * from './chat.ts';

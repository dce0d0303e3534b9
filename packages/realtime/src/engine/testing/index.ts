/** A kit for tests of channels: `@armoricore/realtime/engine/testing`. */
export { testSocket, type TestSocket } from './socket.ts';
export type { TestChannel, Reply } from './channel.ts';

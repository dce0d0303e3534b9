import type { TestProject } from 'vitest/node';
import type { ChaosSize } from './bus-chaos.ts';
import type { ChatLossSize } from './chat-crowd.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chaosSize: ChaosSize;
    chatLossSize: ChatLossSize;
  }
}

/** Small enough for every run of the tests. */
export default (project: TestProject): void => {
  project.provide('chaosSize', { events: 300, kills: 6 });
  project.provide('chatLossSize', { clients: 40, rooms: 4, messagesPerSecond: 20, seconds: 10 });
};

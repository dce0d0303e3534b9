import type { TestProject } from 'vitest/node';
import type { ChaosSize } from './bus-chaos.ts';
import type { ChatLossSize } from './chat-crowd.ts';
import type { NotifySize } from './notify-crowd.ts';
import type { ReelSize } from './reel-crowd.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chaosSize: ChaosSize;
    chatLossSize: ChatLossSize;
    reelSize: ReelSize;
    notifySize: NotifySize;
  }
}

/** Small enough for every run of the tests. */
export default (project: TestProject): void => {
  project.provide('chaosSize', { events: 300, kills: 6 });
  project.provide('chatLossSize', { clients: 40, rooms: 4, messagesPerSecond: 20, seconds: 10 });
  project.provide('reelSize', { clients: 10, likesPerSecond: 50, seconds: 2, kills: 1 });
  project.provide('notifySize', { notifications: 600, kills: 1 });
};

import type { TestProject } from 'vitest/node';

/** What `npm run chaos` does. */
export default (project: TestProject): void => {
  project.provide('chaosSize', { events: 2_000, kills: 25 });
  project.provide('chatLossSize', { clients: 200, rooms: 10, messagesPerSecond: 20, seconds: 60 });
  project.provide('reelSize', { clients: 100, likesPerSecond: 100, seconds: 10, kills: 3 });
  project.provide('notifySize', { notifications: 10_000, kills: 8 });
};

import type { TestProject } from 'vitest/node';
import type { ChaosSize } from './bus-chaos.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chaosSize: ChaosSize;
  }
}

/** Small enough for every run of the tests. */
export default (project: TestProject): void => project.provide('chaosSize', { events: 300, kills: 6 });

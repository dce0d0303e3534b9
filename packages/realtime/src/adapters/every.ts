import type { Service } from '@armoricore/shared/kernel';

/** A service that does something again and again, one after the other. `work` owns its failures. */
export function every(name: string, ms: number, work: () => Promise<void>): Service {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  return {
    name,
    start() {
      timer = setInterval(() => {
        running ??= work().finally(() => (running = undefined));
      }, ms);
    },
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
